"""Signing in on a device without a browser: the device authorization grant of OAuth 2 (RFC 8628)."""
