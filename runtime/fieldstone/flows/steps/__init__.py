"""Kinds of steps, one module each: what a step of it takes, how that is checked, and what it does. `table.py` lists them."""
