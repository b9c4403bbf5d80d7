"""Pictures and tiles for map clients."""
