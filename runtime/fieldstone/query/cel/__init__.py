"""The expression language: CEL in, a checked tree out, and its evaluation in Python. No SQL."""
