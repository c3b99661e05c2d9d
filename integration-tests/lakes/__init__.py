"""What tests of all lake formats share."""
