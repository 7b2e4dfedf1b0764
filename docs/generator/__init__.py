"""What `docs/generate.py` is made of: one module for each page of the reference, and what they share."""
