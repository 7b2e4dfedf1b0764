"""Tokens: the random texts that sessions and API keys are known by. They are stored as a hash alone."""

import hashlib
import secrets

KEY_PREFIX = "osk_"
_RANDOM_BYTES = 32
_SHOWN = len(KEY_PREFIX) + 6


def new_session_token() -> str:
    """Returns a fresh session token of 256 random bits."""
    return secrets.token_urlsafe(_RANDOM_BYTES)


def new_key() -> str:
    """Returns a fresh API key: `osk_` and 256 random bits."""
    return KEY_PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)


def shown_prefix(key: str) -> str:
    """Returns the beginning of a key, by which its owner tells it from others."""
    return key[:_SHOWN]


def hash_token(token: str) -> str:
    """Returns the form in which a token is stored: SHA-256 in hexadecimal. A random token needs no salt and no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()
