"""Accounts: signing in and out, and who is signed in (contract section 5).

Sign-in gives one answer, after the same work, for an unknown address, a wrong password and a suspended user.
"""

from collections.abc import Sequence
from functools import partial

from fieldstone.access.caller import ANONYMOUS, Caller
from fieldstone.clock import Clock
from fieldstone.engine.audit import Entry, write_entry
from fieldstone.engine.records import Execute, read_first
from fieldstone.errors import EmailNotVerified, Unauthenticated
from fieldstone.identity.credential import Credential
from fieldstone.identity.documents import USER_FIELDS, SessionDocument, SignedIn, session_part, user_document
from fieldstone.identity.errands import Errands
from fieldstone.identity.keys import NewKey, allowed_scopes, create_key
from fieldstone.identity.means import account_key
from fieldstone.identity.opening import open_for
from fieldstone.identity.organizations import default_organization
from fieldstone.identity.passwords import Passwords
from fieldstone.identity.second_step import SecondStep, SecondStepNeeded
from fieldstone.identity.sessions import Origin, close_session, find_session
from fieldstone.identity.throttle import Throttle
from fieldstone.identity.tokens import hash_token
from fieldstone.kinds.app import Auth

_ASKED = (*USER_FIELDS, "active", "password", "version")


class Accounts:
    """Opens and ends sessions and makes API keys; `scopes` are those that some surface asks for."""

    def __init__(
        self,
        execute: Execute,
        *,
        auth: Auth,
        scopes: frozenset[str],
        passwords: Passwords,
        throttle: Throttle,
        steps: SecondStep,
        errands: Errands,
        clock: Clock,
    ) -> None:
        self._execute = execute
        self._auth = auth
        self._scopes = scopes
        self._passwords = passwords
        self._throttle = throttle
        self._steps = steps
        self._errands = errands
        self._clock = clock

    async def sign_in(
        self, email: str, password: str, origin: Origin, *, lasting: bool = True, trusted: str | None = None
    ) -> SignedIn | SecondStepNeeded:
        """Opens a session in the user's only organisation, or asks for his second factor.

        `trusted` is the word of a device that need not be asked. Raises Unauthenticated, EmailNotVerified, RateLimited.
        """
        email = email.strip().lower()
        await self._throttle.admit(account_key(email))
        user = await read_first(self._execute, "sys_user", {"email": email}, _ASKED)
        fits = await self._passwords.verify(password, user["password"] if user else None)
        if user is None or not fits or not user["active"]:
            self._errands.add("failed_sign_in", partial(self._note_failure, user["id"] if user else None))
            raise Unauthenticated("The e-mail address or the password is not right.")
        if self._auth.require_email_verification and not user["email_verified"]:
            raise EmailNotVerified("Your e-mail address is not verified yet.", hint="Ask for another mail with a link.")
        now = self._clock()
        if user["two_factor_enabled"] and not await self._steps.is_trusted(user["id"], trusted, now):
            return self._steps.challenge(user["id"], user["version"], now, lasting=lasting)
        return await open_for(self._execute, self._auth, self._clock, user, origin)

    async def _note_failure(self, user_id: str | None) -> None:
        """Writes down that somebody did not get in: in the user's organisation, or the default one; after the same look-ups for all."""
        member = await read_first(self._execute, "sys_member", {"user_id": user_id or ""}, ("organization_id",))
        fallback = await default_organization(self._execute)
        place = member["organization_id"] if member else fallback
        entry = Entry(action="sign_in.failed", outcome="failed", concerned=user_id)
        await write_entry(self._execute, ANONYMOUS, place, self._clock(), entry)

    async def sign_out(self, credential: Credential | None) -> None:
        """Ends the session of a credential, if there is one."""
        document = await self.session(credential)
        if document is not None:
            await close_session(self._execute, document.session.id)

    async def session(self, credential: Credential | None) -> SessionDocument | None:
        """Returns who is signed in; None for no session, one that is over, a suspended user, and API keys."""
        if credential is None or credential.kind != "session":
            return None
        found = await find_session(self._execute, hash_token(credential.secret), self._clock(), self._auth)
        if found is None:
            return None
        user = await read_first(self._execute, "sys_user", {"id": found.user_id, "active": True}, USER_FIELDS)
        return SessionDocument(session_part(found, credential.secret), user_document(user)) if user else None

    async def create_key(
        self, caller: Caller, name: str, expires_at: str | None = None, scopes: Sequence[str] | None = None
    ) -> NewKey:
        """Makes an API key for a signed-in caller, limited to scopes if any are given; raises Invalid, PermissionDenied."""
        if caller.id is None:
            raise Unauthenticated("Sign in to make an API key.")
        allowed = allowed_scopes(scopes, caller, self._scopes)
        return await create_key(self._execute, caller, name, expires_at, allowed)
