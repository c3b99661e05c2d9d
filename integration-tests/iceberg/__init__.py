"""dao-iceberg on an S3 server with catalogs in databases and services: the kit, faults, many at once, kills, logins."""
