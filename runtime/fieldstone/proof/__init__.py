"""Proofs over a running app: what people can and cannot do, by every road that leads to data."""
