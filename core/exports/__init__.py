"""Formats that leave a study; one file each."""
