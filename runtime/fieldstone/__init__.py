"""Fieldstone: a metadata-driven low-code runtime that serves a secured API from declarations in YAML."""
