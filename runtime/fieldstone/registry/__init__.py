"""From files to a Catalog."""
