"""Formats that enter a study; one file each."""
