"""What is done to tables: one module for each action or operation."""
