"""Families of perturbation that probe a model; one file each."""
