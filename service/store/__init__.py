"""What is kept: rows in a database, files beside it."""
