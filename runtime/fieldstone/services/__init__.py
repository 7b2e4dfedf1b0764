"""Features over the door."""
