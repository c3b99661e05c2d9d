"""Columns of the warehouse: their lengths, and their values in Arrow."""
