"""Handlers of `/auth` in Better Auth's spelling (contract section 5), one module a family; `table.py` puts them together."""
