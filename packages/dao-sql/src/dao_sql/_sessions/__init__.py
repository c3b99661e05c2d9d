"""Connections in use: who has which, and transactions whose outcome is known."""
