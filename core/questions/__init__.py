"""Kinds of question: one file each, shown to people and described to models by the same class."""
