"""What the service finds out about itself."""
