"""Backup codes: for whoever has lost his authenticator. Ten of them, each good once, stored as hashes.

A code has 80 random bits, so its hash needs no salt and no slow algorithm. Blanks, hyphens and capitals in what is typed do not matter.
"""

import base64
import os
from collections.abc import Sequence

from fieldstone.identity.tokens import hash_token

COUNT = 10
RANDOM_BYTES = 10


def new_codes() -> tuple[str, ...]:
    """Returns fresh codes as they are shown, four groups of four letters and digits each."""
    return tuple(_shown(base64.b32encode(os.urandom(RANDOM_BYTES)).decode("ascii").lower()) for _ in range(COUNT))


def hash_code(code: str) -> str:
    """Returns the form in which a code is stored."""
    return hash_token("".join(character for character in code.lower() if character.isalnum()))


def without(hashes: Sequence[str], code: str) -> list[str] | None:
    """Returns the hashes that are left once a code is used; None when it is none of theirs."""
    used = hash_code(code)
    return [kept for kept in hashes if kept != used] if used in hashes else None


def _shown(text: str) -> str:
    return "-".join(text[first : first + 4] for first in range(0, len(text), 4))
