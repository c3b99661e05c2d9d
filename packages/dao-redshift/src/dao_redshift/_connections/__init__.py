"""Connections to a warehouse: how they are made, and what is done over them."""
