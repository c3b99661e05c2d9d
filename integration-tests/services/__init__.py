"""The services that integration tests run against: one file each, found on the machine by asking (see `choosing`)."""
