"""Exports: records as files of several formats."""
