"""Kinds of content: one file each, shown to people and put into messages for models."""
