"""Signing in with a provider: from here to the provider, and back with a code, to a session or to a page with an error code.

What a provider says of an error goes to the log; a page is given a code of ours. Whoever has a second factor here is asked for it.
"""

from collections.abc import Mapping

import msgspec

from fieldstone.access.caller import SYSTEM
from fieldstone.clock import later, moment
from fieldstone.engine.operation import Create
from fieldstone.errors import FieldFault, Invalid, Unavailable, UniqueViolation
from fieldstone.identity.documents import SessionDocument, SignedIn
from fieldstone.identity.local_path import local_path
from fieldstone.identity.means import Means
from fieldstone.identity.oidc.attempt import SECONDS, Attempt, address_of, new_attempt
from fieldstone.identity.oidc.id_token import completed, read_id_token
from fieldstone.identity.oidc.people import find_person, link_person
from fieldstone.identity.oidc.provider import Provider
from fieldstone.identity.oidc.refused import Reason, Refused
from fieldstone.identity.opening import open_for
from fieldstone.identity.second_step import SecondStep, SecondStepNeeded
from fieldstone.identity.sessions import Origin
from fieldstone.identity.signed import Signer
from fieldstone.identity.tokens import hash_token
from fieldstone.log import Log
from fieldstone.query.names import did_you_mean, shown

CALLBACK_HANDLER = "auth.oidc_callback"
"""The handler to which a provider sends people back."""

USED = "sys_used_token"


class Departure(msgspec.Struct, frozen=True):
    """Where the browser goes, and what it keeps until it is back, until when."""

    address: str
    attempt: str
    until: str


class Wish(msgspec.Struct, frozen=True):
    """What somebody who leaves for a provider wants: to land on `page`, or with an error on `error_page`."""

    provider: str
    page: str | None = None
    error_page: str | None = None


class Return(msgspec.Struct, frozen=True):
    """What a browser brings back: the parameters of the provider's answer, and what it kept."""

    provider: str
    parameters: Mapping[str, str]
    attempt: str | None
    session: SessionDocument | None
    trusted: str | None


class Landing(msgspec.Struct, frozen=True):
    """How it ended: on a page, with a session, a second step that is still to be taken, an error, or none of them (a linked account)."""

    page: str
    signed_in: SignedIn | None = None
    step: SecondStepNeeded | None = None
    error: Reason | None = None


class OidcSignIn:
    """The flow, over the declared providers; `redirect_uris` are the addresses to which they send people back, by name."""

    def __init__(
        self,
        means: Means,
        steps: SecondStep,
        signer: Signer[Attempt],
        providers: Mapping[str, Provider],
        redirect_uris: Mapping[str, str],
        log: Log,
    ) -> None:
        self._means = means
        self._steps = steps
        self._signer = signer
        self.providers = providers
        self._redirect_uris = redirect_uris
        self._log = log

    async def begin(self, wish: Wish, linking: SessionDocument | None = None) -> Departure:
        """Returns where the browser goes; raises Invalid, and Unavailable when the provider cannot be reached."""
        provider = self.providers.get(wish.provider)
        if provider is None:
            fault = FieldFault("provider", "invalid_value", f"There is no provider `{shown(wish.provider)}`.")
            raise Invalid(fault.message, faults=[fault], hint=did_you_mean(wish.provider, self.providers))
        page = "/" if wish.page is None else local_path(wish.page, "callbackURL")
        error_page = page if wish.error_page is None else local_path(wish.error_page, "errorCallbackURL")
        now = self._means.clock()
        attempt = new_attempt(wish.provider, page, error_page, linking.user.id if linking else None, now)
        try:
            discovery = await provider.discovery()
        except Refused as refused:
            self._tell(wish.provider, refused)
            raise Unavailable("The provider cannot be reached.", hint="Try again later.") from None
        address = address_of(attempt, provider.declared, discovery, self._redirect_uris[wish.provider])
        return Departure(address, self._signer.sign(attempt), attempt.until)

    async def complete(self, back: Return, origin: Origin) -> Landing:
        """Returns how an attempt ends whose browser is back."""
        now = self._means.clock()
        attempt = None if back.attempt is None else self._signer.open(back.attempt)
        if attempt is None or not attempt.is_of(back.provider, back.parameters.get("state", ""), now):
            self._tell(back.provider, Refused("state_mismatch", "no such attempt in this browser"))
            return Landing("/", error="state_mismatch")
        try:
            return await self._complete(attempt, back, origin, now)
        except Refused as refused:
            self._tell(back.provider, refused)
            return Landing(attempt.error_page, error=refused.reason)

    async def _complete(self, attempt: Attempt, back: Return, origin: Origin, now: str) -> Landing:
        provider = self.providers[attempt.provider]
        await self._use_up(attempt, now)
        code = _code(back.parameters, provider.declared.issuer)
        tokens = await provider.redeem(code, attempt.verifier, self._redirect_uris[attempt.provider])
        claims = await read_id_token(provider, tokens.id_token, attempt.nonce, moment(now).timestamp())
        if attempt.user_id is not None:
            if back.session is None or back.session.user.id != attempt.user_id:
                raise Refused("state_mismatch", "another user has begun this")
            await link_person(self._means, attempt.provider, claims, attempt.user_id)
            return Landing(attempt.page)
        if claims.email is None and tokens.access_token is not None:
            told = await provider.userinfo(tokens.access_token)
            claims = claims if told is None else completed(claims, told)
        user = await find_person(self._means, attempt.provider, claims)
        if user["two_factor_enabled"] and not await self._steps.is_trusted(user["id"], back.trusted, now):
            step = self._steps.challenge(user["id"], user["version"], now, lasting=True)
            return Landing(attempt.page, step=step)
        signed_in = await open_for(self._means.execute, self._means.auth, self._means.clock, user, origin)
        return Landing(attempt.page, signed_in=signed_in)

    async def _use_up(self, attempt: Attempt, now: str) -> None:
        """Makes sure that an attempt ends once, in whichever process."""
        row = {"token_hash": hash_token(attempt.state), "expires_at": later(now, 2 * SECONDS)}
        try:
            await self._means.execute(Create(USED, (row,)), SYSTEM)
        except UniqueViolation:
            raise Refused("state_mismatch", "the attempt was used before") from None

    def _tell(self, provider: str, refused: Refused) -> None:
        self._log.warning("oidc_refused", provider=provider[:63], reason=refused.reason, cause=refused.cause[:500])


def _code(parameters: Mapping[str, str], issuer: str) -> str:
    """Returns the code of a provider's answer; raises Refused for an error, and for the answer of another issuer (RFC 9207)."""
    if parameters.get("iss", issuer) != issuer:
        raise Refused("state_mismatch", "the answer is another issuer's")
    if "error" in parameters:
        denied = parameters["error"] == "access_denied"
        raise Refused("access_denied" if denied else "provider_error", parameters["error"])
    if not parameters.get("code"):
        raise Refused("provider_error", "neither a code nor an error")
    return parameters["code"]
