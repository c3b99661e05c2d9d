"""Nested values as JSON documents: which types there are, how they are noted, and values to texts and back."""
