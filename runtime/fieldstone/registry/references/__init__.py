"""References: who names what, among all that is declared."""
