"""The named handlers of the native surface: everything under `/api/v1` that is not a data operation."""
