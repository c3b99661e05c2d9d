"""Files in S3 that the warehouse reads and writes: their places, and tables of them."""
