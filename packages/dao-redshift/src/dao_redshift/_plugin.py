"""The plugin of dao-redshift: its interfaces by name. Loading it imports no driver."""
