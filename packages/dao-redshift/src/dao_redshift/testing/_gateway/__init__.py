"""The gateway: a server that speaks as Redshift does, with a session of PostgreSQL behind each of its clients."""
