"""What differs between databases: how names, values, types and statements are written."""
