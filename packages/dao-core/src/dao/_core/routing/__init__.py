"""Which interface method serves a call: pure decisions over compiled signatures, remembered."""
