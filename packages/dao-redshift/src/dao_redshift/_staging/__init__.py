"""Bulk data on its way: files that one load or read stages in S3, and what becomes of those that a killed one left."""
