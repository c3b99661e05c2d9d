"""dao-delta on an S3 server: the conformance kit, faults on purpose, commits in doubt, many at once, keys, logins."""
