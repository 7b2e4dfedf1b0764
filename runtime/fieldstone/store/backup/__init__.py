"""Copies of whole databases: several of them as they were at one moment, and put back in the place of what is there."""
