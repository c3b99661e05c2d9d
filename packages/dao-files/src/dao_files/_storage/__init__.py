"""The storage protocol, and what storages and actions share."""
