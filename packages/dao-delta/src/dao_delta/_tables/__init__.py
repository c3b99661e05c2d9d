"""The log, and the files of tables: what the protocol says."""
