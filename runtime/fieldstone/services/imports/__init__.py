"""Imports: cells of a table become records, with a result for each row."""
