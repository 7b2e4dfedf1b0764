"""Flows, linked: both dialects become one Graph, with every name looked up and every expression compiled."""
