"""The plugin of dao-sql: its interfaces by name. Loading it imports no driver."""
