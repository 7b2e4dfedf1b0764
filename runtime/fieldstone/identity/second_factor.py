"""The second factor: a user turns it on and off, and shows it when he signs in.

Turning it on makes a secret and backup codes, and counts once a code of the secret was shown; every other session of the user ends then.
Turning it off forgets all of it, trusted devices too. Each of these asks for the password again: a session alone is not enough.
"""

from collections.abc import Callable

import msgspec

from fieldstone.access.caller import SYSTEM
from fieldstone.engine.operation import Create, Delete, Together, Update
from fieldstone.errors import Conflict, FieldFault, Invalid, Unauthenticated
from fieldstone.identity.backup_codes import hash_code, new_codes
from fieldstone.identity.documents import SessionDocument, SignedIn, UserDocument
from fieldstone.identity.enrolment import OBJECT, Enrolment, Proof, by_backup_code, by_totp, find_enrolment, prove
from fieldstone.identity.means import Means, find_user
from fieldstone.identity.opening import open_for
from fieldstone.identity.password_check import check_password
from fieldstone.identity.seal import Seal
from fieldstone.identity.second_step import SecondStep
from fieldstone.identity.sessions import Origin, close_sessions
from fieldstone.identity.totp import enrolment_uri, new_secret


class Enrolled(msgspec.Struct, frozen=True):
    """What a user needs to set his second factor up; both are shown this once."""

    totp_uri: str = msgspec.field(name="totpURI")
    backup_codes: tuple[str, ...] = msgspec.field(name="backupCodes")


class Trusted(msgspec.Struct, frozen=True):
    """The word that a device is trusted, until an instant."""

    text: str
    until: str


class Passed(msgspec.Struct, frozen=True):
    """A sign-in whose second step was taken; `lasting` says whether its cookie outlives the browser."""

    signed_in: SignedIn
    lasting: bool
    trusted: Trusted | None


class SecondFactor:
    """The flows of the second factor."""

    def __init__(self, means: Means, seal: Seal, steps: SecondStep) -> None:
        self._means = means
        self._seal = seal
        self._steps = steps

    async def enable(self, session: SessionDocument, password: str) -> Enrolled:
        """Makes a secret and backup codes that count once a code is shown; raises Conflict when it is on, Invalid, RateLimited."""
        user = session.user
        await check_password(self._means, user, password)
        before = await find_enrolment(self._means.execute, user.id)
        if before is not None and before.confirmed:
            raise Conflict("Two-factor is on already.", hint="Turn it off first.")
        secret, codes = new_secret(), new_codes()
        row = {"user_id": user.id, "secret": await self._seal.seal(secret), "backup_codes": [*map(hash_code, codes)]}
        making = Create(OBJECT, (row,))
        writes = (making,) if before is None else (Delete(OBJECT, before.id, before.version), making)
        await self._means.execute(Together(writes), SYSTEM)
        return Enrolled(enrolment_uri(secret, user.email, self._means.app), codes)

    async def confirm(self, session: SessionDocument, code: str) -> UserDocument:
        """Turns it on for whoever shows a code of it, or checks a code of one that is on; raises Invalid, RateLimited."""
        user = session.user
        enrolment = await self._prove(user.id, by_totp(self._seal, code, self._means.clock()))
        if enrolment is None:
            raise _wrong_code()
        if not enrolment.confirmed:
            turning_on = (
                Update(OBJECT, enrolment.id, {"confirmed": True}),
                Update("sys_user", user.id, {"two_factor_enabled": True}),
            )
            await self._means.execute(Together(turning_on), SYSTEM)
            await close_sessions(self._means.execute, user.id, keep=session.session.id)
        return msgspec.structs.replace(user, two_factor_enabled=True)

    async def disable(self, session: SessionDocument, password: str) -> None:
        """Turns it off and forgets all of it; raises Invalid, RateLimited."""
        await check_password(self._means, session.user, password)
        await self._means.execute(Update("sys_user", session.user.id, {"two_factor_enabled": False}), SYSTEM)
        enrolment = await find_enrolment(self._means.execute, session.user.id)
        if enrolment is not None:
            await self._means.execute(Delete(OBJECT, enrolment.id), SYSTEM)

    async def renew_codes(self, session: SessionDocument, password: str) -> tuple[str, ...]:
        """Returns new backup codes; those before are void. Raises Conflict when it is off, Invalid, RateLimited."""
        await check_password(self._means, session.user, password)
        enrolment = await find_enrolment(self._means.execute, session.user.id)
        if enrolment is None or not enrolment.confirmed:
            raise Conflict("Two-factor is off.", hint="Turn it on: that makes backup codes, too.")
        codes = new_codes()
        values = {"backup_codes": [*map(hash_code, codes)]}
        await self._means.execute(Update(OBJECT, enrolment.id, values), SYSTEM)
        return codes

    async def pass_by_totp(self, challenge: str, code: str, origin: Origin, *, trust: bool) -> Passed:
        """Opens the session of a challenge for a code of the authenticator; raises Unauthenticated, RateLimited."""
        return await self._pass(challenge, lambda now: by_totp(self._seal, code, now), origin, trust=trust)

    async def pass_by_backup_code(self, challenge: str, code: str, origin: Origin, *, trust: bool) -> Passed:
        """Opens the session of a challenge for a backup code, which is used up; raises Unauthenticated, RateLimited."""
        return await self._pass(challenge, lambda _now: by_backup_code(code), origin, trust=trust)

    async def _pass(self, text: str, proof: Callable[[str], Proof], origin: Origin, *, trust: bool) -> Passed:
        now = self._means.clock()
        challenge = self._steps.challenged(text, now)
        user = None
        if challenge is not None:
            named = {"id": challenge.user_id, "version": challenge.version, "two_factor_enabled": True}
            user = await find_user(self._means, named)
        if challenge is None or user is None:
            raise Unauthenticated("The sign-in is over.", hint="Sign in again.")
        enrolment = await self._prove(user["id"], proof(now))
        if enrolment is None or not enrolment.confirmed:
            raise Unauthenticated("The code is not right.")
        signed_in = await open_for(self._means.execute, self._means.auth, self._means.clock, user, origin)
        return Passed(signed_in, challenge.lasting, Trusted(*self._steps.trust(enrolment, now)) if trust else None)

    async def _prove(self, user_id: str, proof: Proof) -> Enrolment | None:
        await self._means.throttle.admit(f"second factor of {user_id}")
        return await prove(self._means.execute, user_id, proof, self._means.clock())


def _wrong_code() -> Invalid:
    fault = FieldFault("code", "invalid_value", "The code is not right.")
    return Invalid(fault.message, faults=[fault])
