"""The means: what the flows of accounts work with, and what they share: how often, and which user is meant."""

from collections.abc import Mapping
from typing import Any

import msgspec

from fieldstone.clock import Clock
from fieldstone.engine.records import Execute, read_first
from fieldstone.errors import NotOffered, Unauthenticated
from fieldstone.identity.documents import USER_FIELDS, SessionDocument
from fieldstone.identity.errands import Errands
from fieldstone.identity.links import Links
from fieldstone.identity.passwords import Passwords
from fieldstone.identity.throttle import Throttle
from fieldstone.identity.tokens import hash_token
from fieldstone.ids import NewId
from fieldstone.kinds.app import Auth
from fieldstone.registry.catalog import Field


class Means(msgspec.Struct, frozen=True, eq=False):
    """What the flows work with.

    `app` is what people call the app, `fields` are those of a user. `links` is None where no mails can be sent that lead back here.
    """

    execute: Execute
    auth: Auth
    app: str
    fields: Mapping[str, Field]
    passwords: Passwords
    throttle: Throttle
    errands: Errands
    links: Links | None
    clock: Clock
    new_id: NewId


def require_mail(means: Means) -> Links:
    """Returns how mails lead back; raises NotOffered where none are sent."""
    if means.links is None:
        raise NotOffered(
            "This server sends no mails to its users.",
            hint="Set FIELDSTONE_PUBLIC_URL, and FIELDSTONE_SMTP_URL or FIELDSTONE_MAIL_FOLDER.",
        )
    return means.links


async def admit(means: Means, email: str) -> None:
    """Counts a stranger's attempt against the account that it names, before anything is looked up; raises RateLimited."""
    await means.throttle.admit(account_key(email))


def account_key(email: str) -> str:
    """Returns what the attempts of strangers at an account are counted under, whether or not there is one."""
    return f"account {hash_token(normal(email))}"


def session_key(user_id: str) -> str:
    """Returns what the attempts of whoever has a session are counted under: strangers do not use them up."""
    return f"session of {user_id}"


def normal(email: str) -> str:
    """Returns an e-mail address in the form in which it is stored."""
    return email.strip().lower()


def required(session: SessionDocument | None) -> SessionDocument:
    """Returns a session; raises Unauthenticated for none: an API key is none either."""
    if session is None:
        raise Unauthenticated("This needs a session.", hint="Sign in: an API key does not reach its user's account.")
    return session


async def find_user(means: Means, where: Mapping[str, Any]) -> dict[str, Any] | None:
    """Returns the active user of a condition."""
    return await read_first(means.execute, "sys_user", {**where, "active": True}, USER_FIELDS)
