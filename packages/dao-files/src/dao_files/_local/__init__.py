"""The embedded storages: a folder, and memory."""
