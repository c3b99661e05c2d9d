"""PostgreSQL and S3 for a gateway: found on the machine by asking."""
