"""Non-interference: what a caller may not see is changed, and not a byte of what he receives may change with it."""
