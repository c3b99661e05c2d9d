"""Directories and tables on an object store: many objects that change in one step."""
