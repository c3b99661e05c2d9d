"""The catalog, and the files of tables: what the format says."""
