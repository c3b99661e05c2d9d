"""The storage protocol, and helpers shared by storages and actions."""
