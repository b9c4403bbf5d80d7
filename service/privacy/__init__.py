"""Personal data: which columns hold them, and how they are sealed."""
