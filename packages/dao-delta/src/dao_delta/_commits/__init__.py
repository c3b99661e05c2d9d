"""How a change becomes the next version."""
