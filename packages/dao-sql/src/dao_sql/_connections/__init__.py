"""Connections to databases: what is needed of one, and those of ADBC drivers."""
