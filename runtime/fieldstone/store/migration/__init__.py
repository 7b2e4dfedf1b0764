"""Bringing a database to its catalog: one planner, one table of steps, and whoever may take which of them."""
