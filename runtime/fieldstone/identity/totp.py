"""Time-based one-time codes (RFC 6238): six digits that a secret gives for each half minute.

A code is taken for the half minute of now, the one before and the one after, and never for one up to which codes were taken already: what
was used, or seen over a shoulder after it was used, is worth nothing.
"""

import base64
import hmac
import os
from urllib.parse import quote

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from fieldstone.clock import moment

SECONDS = 30
DIGITS = 6
SECRET_BYTES = 20


def new_secret() -> str:
    """Returns a fresh secret of 160 random bits, in base32 as authenticators take it."""
    return base64.b32encode(os.urandom(SECRET_BYTES)).decode("ascii")


def enrolment_uri(secret: str, account: str, issuer: str) -> str:
    """Returns the address that an authenticator reads from a QR code."""
    label = f"{quote(issuer, safe='')}:{quote(account, safe='')}"
    rest = f"issuer={quote(issuer, safe='')}&algorithm=SHA1&digits={DIGITS}&period={SECONDS}"
    return f"otpauth://totp/{label}?secret={secret}&{rest}"


def code_at(secret: str, step: int) -> str:
    """Returns the code of a step, which is the number of half minutes since 1970."""
    generator = TOTP(base64.b32decode(secret), DIGITS, SHA1(), SECONDS)
    return generator.generate(step * SECONDS).decode("ascii")


def step_of(now: str) -> int:
    """Returns the step of an instant."""
    return int(moment(now).timestamp()) // SECONDS


def matching_step(secret: str, code: str, now: str, after: int) -> int | None:
    """Returns the step of which a code is, among those that may be taken now and are later than `after`; None for none."""
    step = step_of(now)
    sent = code.replace(" ", "").encode()
    matches = [
        candidate
        for candidate in (step - 1, step, step + 1)
        if hmac.compare_digest(code_at(secret, candidate).encode(), sent) and candidate > after
    ]
    return matches[0] if matches else None
