"""Metadata: the declarations, as far as somebody may know them."""
