"""Tables and columns, and which type of a database holds which values."""
