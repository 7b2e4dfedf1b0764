"""Field types: one module per family, all of them listed in `table.py`."""
