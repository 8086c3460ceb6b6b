"""How the tables came to be: one numbered file per change, oldest first, in `versions`."""
