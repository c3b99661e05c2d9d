"""What the routes do: one module for each kind of action, and what they share."""
