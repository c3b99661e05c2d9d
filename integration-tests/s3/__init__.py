"""dao-s3 on an S3 server: the conformance kit, faults on purpose, many at once, keys."""
