"""The second step of a sign-in: from a password that was right to a session, by a code or on a trusted device.

Between the two steps there is no session and nothing is stored: the first hands out a signed challenge for ten minutes, which is void as
soon as anything of the account changes, and a device that shall not be asked again gets a signed word for thirty days, which is void with a
new password and with the enrolment.
"""

import msgspec

from fieldstone.clock import later
from fieldstone.engine.records import Execute
from fieldstone.identity.enrolment import Enrolment, find_enrolment
from fieldstone.identity.signed import Signer
from fieldstone.keyring import Keyring

CHALLENGE_SECONDS = 10 * 60
TRUST_SECONDS = 30 * 24 * 60 * 60


class Challenge(msgspec.Struct, frozen=True):
    """Somebody who has shown his password: the user at a version of his record, and whether the cookie shall last."""

    user_id: str
    version: int
    until: str
    lasting: bool


class Trust(msgspec.Struct, frozen=True):
    """A device on which somebody has shown a code: of which enrolment, under which number."""

    enrolment: str
    trust: int
    until: str


class SecondStepNeeded(msgspec.Struct, frozen=True):
    """A password that was right, of a user who has to show a code, too: the challenge, and when it is over."""

    challenge: str
    until: str


class SecondStep:
    """Hands out challenges and trust, and reads them when they come back."""

    def __init__(self, execute: Execute, keyring: Keyring) -> None:
        self._execute = execute
        self._challenges = Signer(keyring.keys("second factor"), Challenge)
        self._trusts = Signer(keyring.keys("trusted devices"), Trust)

    def challenge(self, user_id: str, version: int, now: str, *, lasting: bool) -> SecondStepNeeded:
        """Returns a challenge to a user."""
        until = later(now, CHALLENGE_SECONDS)
        return SecondStepNeeded(self._challenges.sign(Challenge(user_id, version, until, lasting)), until)

    def challenged(self, text: str, now: str) -> Challenge | None:
        """Returns what a challenge says; None for one that is over or was never made."""
        found = self._challenges.open(text)
        return found if found is not None and found.until > now else None

    def trust(self, enrolment: Enrolment, now: str) -> tuple[str, str]:
        """Returns the word that a device is trusted, and when it is over."""
        until = later(now, TRUST_SECONDS)
        return self._trusts.sign(Trust(enrolment.id, enrolment.trust, until)), until

    async def is_trusted(self, user_id: str, text: str | None, now: str) -> bool:
        """Tells whether a device's word is good for a user."""
        found = None if text is None else self._trusts.open(text)
        if found is None or found.until <= now:
            return False
        enrolment = await find_enrolment(self._execute, user_id)
        return enrolment is not None and (enrolment.id, enrolment.trust) == (found.enrolment, found.trust)
