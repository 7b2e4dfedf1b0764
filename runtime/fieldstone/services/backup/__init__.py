"""Backup and restore: an app's databases in one file, as they were at one moment."""
