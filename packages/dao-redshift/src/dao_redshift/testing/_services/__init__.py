"""PostgreSQL and S3 for a gateway, found on the machine by asking; DAO's own tests of all packages use them too."""
