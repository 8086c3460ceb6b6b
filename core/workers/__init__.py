"""Kinds of worker: one file each. A worker turns a unit into drafts and never sees the database."""
