"""The door, units, and the five data operations."""
