"""What a snapshot has: which files, which of their rows, and how these are read."""
