"""The history of the tables, brought up to date at start."""
