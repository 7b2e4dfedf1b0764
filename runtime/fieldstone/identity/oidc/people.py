"""Who somebody is here whom a provider vouches for: by issuer and subject, never by his address alone.

An address makes the first link, when both sides have verified it and no provider is linked yet; everything else needs a session. Whoever
is not known gets an account where strangers may sign up, and where his address is invited.
"""

import hashlib
from typing import Any

from fieldstone.access.caller import SYSTEM, system_in
from fieldstone.engine.operation import Create, Together
from fieldstone.engine.records import read_first
from fieldstone.errors import Invalid, UniqueViolation
from fieldstone.identity.documents import USER_FIELDS
from fieldstone.identity.invitations import is_invited
from fieldstone.identity.means import Means, normal
from fieldstone.identity.new_values import check_values
from fieldstone.identity.oidc.id_token import Claims
from fieldstone.identity.oidc.refused import Refused
from fieldstone.identity.organizations import default_organization

ACCOUNT = "sys_account"
_LONGEST_NAME = 200
_STORED = (*USER_FIELDS, "version")


async def find_person(means: Means, provider: str, claims: Claims) -> dict[str, Any]:
    """Returns the user, with his version, whom a provider's claims are about; links or makes him where that is allowed. Raises Refused."""
    try:
        return await _known(means, claims) or await _linked_by_address(means, provider, claims)
    except UniqueViolation:
        # Another request has linked or made him in between.
        user = await _known(means, claims)
        if user is None:
            raise Refused("account_not_linked", "the address was taken in between") from None
        return user


async def link_person(means: Means, provider: str, claims: Claims, user_id: str) -> dict[str, Any]:
    """Links an account to a signed-in user and returns him; raises Refused for one that is another's."""
    user = await _active(means, user_id)
    if user is None:
        raise Refused("account_not_active")
    linked = await _account(means, claims)
    if linked is None:
        try:
            await means.execute(Create(ACCOUNT, (_row(user_id, provider, claims),)), SYSTEM)
        except UniqueViolation:
            linked = await _account(means, claims)
    if linked is not None and linked["user_id"] != user_id:
        raise Refused("account_linked_elsewhere")
    return user


async def _known(means: Means, claims: Claims) -> dict[str, Any] | None:
    account = await _account(means, claims)
    if account is None:
        return None
    user = await _active(means, account["user_id"])
    if user is None:
        raise Refused("account_not_active")
    return user


async def _linked_by_address(means: Means, provider: str, claims: Claims) -> dict[str, Any]:
    if not isinstance(claims.email, str) or claims.email_verified is not True:
        raise Refused("email_not_verified", "the provider does not vouch for the address")
    email = normal(claims.email)
    user = await read_first(means.execute, "sys_user", {"email": email}, (*_STORED, "active"))
    if user is None:
        return await _made(means, provider, claims, email)
    if not user["active"]:
        raise Refused("account_not_active")
    if not user["email_verified"]:
        raise Refused("account_not_linked", "the address is not verified here")
    if await read_first(means.execute, ACCOUNT, {"user_id": user["id"]}, ("id",)) is not None:
        raise Refused("account_not_linked", "another account is linked already")
    await means.execute(Create(ACCOUNT, (_row(user["id"], provider, claims),)), SYSTEM)
    return user


async def _made(means: Means, provider: str, claims: Claims, email: str) -> dict[str, Any]:
    """Makes a user without a password: in the default organisation, or outside of any where he is here by an invitation alone."""
    invited = await is_invited(means, email)
    if not (means.auth.sign_up or invited):
        raise Refused("signup_disabled")
    try:
        check_values(means, {"email": email}, email)
        welcome = means.auth.sign_up
    except Invalid:
        if not invited:
            raise Refused("domain_not_allowed") from None
        welcome = False
    user_id = means.new_id()
    row = {"id": user_id, "name": _name(claims, email), "email": email, "email_verified": True}
    made = Together((Create("sys_user", (row,)), Create(ACCOUNT, (_row(user_id, provider, claims),))))
    await means.execute(made, system_in(await default_organization(means.execute)) if welcome else SYSTEM)
    user = await _active(means, user_id)
    if user is None:
        raise Refused("account_not_active", "gone already")
    return user


async def _active(means: Means, user_id: str) -> dict[str, Any] | None:
    return await read_first(means.execute, "sys_user", {"id": user_id, "active": True}, _STORED)


async def _account(means: Means, claims: Claims) -> dict[str, Any] | None:
    return await read_first(means.execute, ACCOUNT, {"key": _key(claims)}, ("id", "user_id"))


def _row(user_id: str, provider: str, claims: Claims) -> dict[str, Any]:
    known = {"issuer": claims.iss, "subject": claims.sub, "key": _key(claims)}
    return {"user_id": user_id, "provider": provider, **known}


def _key(claims: Claims) -> str:
    return hashlib.sha256(f"{claims.iss}\n{claims.sub}".encode()).hexdigest()


def _name(claims: Claims, email: str) -> str:
    name = claims.name.strip() if isinstance(claims.name, str) else ""
    return name[:_LONGEST_NAME] or email.partition("@")[0]
