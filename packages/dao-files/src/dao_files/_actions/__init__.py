"""The actions on files and tables, built on the storage protocol."""
