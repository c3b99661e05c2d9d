"""The wire protocol of PostgreSQL, version 3, which Redshift speaks too: its messages, and a client of PostgreSQL."""
