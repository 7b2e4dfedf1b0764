"""The OpenAPI document, from the same route table."""
