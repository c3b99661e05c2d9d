"""How a change becomes the next snapshot."""
