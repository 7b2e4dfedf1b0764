"""Who comes in: passwords, sessions, keys."""
