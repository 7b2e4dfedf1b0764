"""What can be declared: one module per kind, listed in `table.py`."""
