"""Pages for people: signing in, and letting a device in. Plain HTML that works without any script."""
