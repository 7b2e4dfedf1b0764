"""Faces to the outside: no rules in here."""
