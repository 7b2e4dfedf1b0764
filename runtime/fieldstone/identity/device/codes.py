"""The codes of a device: one that it keeps to itself, and one that a person types in. Both are stored as hashes."""

import secrets

from fieldstone.identity.tokens import hash_token, new_session_token

ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"
"""What user codes are made of (RFC 8628, 6.1): no vowels, so no words; nothing that looks like a digit."""

LENGTH = 8
_HALF = LENGTH // 2


def new_device_code() -> str:
    """Returns a fresh device code of 256 random bits."""
    return new_session_token()


def new_user_code() -> str:
    """Returns a fresh user code, such as `BDWP-HQPK`."""
    letters = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    return shown_code(letters)


def hash_user_code(typed: str) -> str:
    """Returns the hash of a user code, however it was typed: in any case, with or without dashes and blanks."""
    return hash_token(_letters(typed))


def shown_code(typed: str) -> str:
    """Returns a user code as it is shown; nothing of what is no code."""
    letters = _letters(typed)
    return f"{letters[:_HALF]}-{letters[_HALF:]}" if len(letters) == LENGTH else ""


def _letters(typed: str) -> str:
    return "".join(letter for letter in typed[:100].upper() if letter in ALPHABET)
