"""REST dialects, bound from api declarations."""
