"""Signing in with a provider of OpenID Connect: the client side of OpenID Connect Core 1.0, with PKCE (RFC 7636)."""
