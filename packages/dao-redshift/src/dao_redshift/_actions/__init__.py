"""What goes beyond the SQL of any database: copies by files in S3, and Redshift's own operations."""
