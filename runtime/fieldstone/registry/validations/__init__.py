"""Validation rules at load: each becomes one function over a record that is about to be written, or a fault with its place."""
