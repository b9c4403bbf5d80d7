"""What the service does, free of HTTP and SQL: one noun per module."""
