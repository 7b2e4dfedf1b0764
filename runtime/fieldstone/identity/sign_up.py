"""Signing up: an account in the default organisation, made by its user.

Where addresses are verified, the answer is the same for a known and an unknown one, and is given before either is looked for: the owner
of the address learns the rest by mail. Where they are not, a known address is refused and so told.
"""

from functools import partial

import msgspec

from fieldstone.access.caller import system_in
from fieldstone.engine.operation import Create, SendMail, Together
from fieldstone.engine.records import create_records, read_first
from fieldstone.errors import PermissionDenied, Unauthenticated
from fieldstone.identity.documents import USER_FIELDS, SignedIn
from fieldstone.identity.email_verification import mail_of
from fieldstone.identity.local_path import local_path
from fieldstone.identity.means import Means, admit, normal, require_mail
from fieldstone.identity.new_values import check_values
from fieldstone.identity.opening import open_for
from fieldstone.identity.organizations import default_organization
from fieldstone.identity.sessions import Origin
from fieldstone.identity.verification import issue


class NewAccount(msgspec.Struct, frozen=True):
    """An account that somebody wants; `callback` is where the link in the mail leads to, `languages` are those that he prefers."""

    name: str
    email: str
    password: str
    callback: str | None = None
    languages: tuple[str, ...] = ()


async def sign_up(means: Means, wanted: NewAccount, origin: Origin) -> SignedIn | None:
    """Makes an account and signs it in; None where its address has to be verified first.

    Raises PermissionDenied when it is switched off, RateLimited, Invalid, and UniqueViolation where addresses are not verified.
    """
    if not means.auth.sign_up:
        raise PermissionDenied("Sign-up is switched off.", hint="An administrator can make the account.")
    await admit(means, wanted.email)
    if wanted.callback is not None:
        local_path(wanted.callback, "callbackURL")
    email = normal(wanted.email)
    check_values(means, {"name": wanted.name, "email": email, "password": wanted.password}, email)
    if means.auth.require_email_verification:
        require_mail(means)
        means.errands.add("sign-up", partial(_make_verified, means, wanted, email))
        return None
    system = system_in(await default_organization(means.execute))
    row = {"name": wanted.name, "email": email, "password": wanted.password}
    ids = await create_records(means.execute, "sys_user", [row], system)
    user = await read_first(means.execute, "sys_user", {"id": ids[0]}, USER_FIELDS)
    if user is None:
        raise Unauthenticated("The account is gone already.")
    return await open_for(means.execute, means.auth, means.clock, user, origin)


async def _make_verified(means: Means, wanted: NewAccount, email: str) -> None:
    """Makes the account and sends the mail that verifies its address, or tells the owner of a known one that he has an account."""
    system = system_in(await default_organization(means.execute))
    known = await read_first(means.execute, "sys_user", {"email": email}, ("name", "active"))
    if known is not None:
        if known["active"]:
            values = {"app": means.app, "name": known["name"]}
            await means.execute(SendMail("known_address", email, values, wanted.languages), system)
        return
    user = {"id": means.new_id(), "name": wanted.name, "email": email}
    token, holds = issue(user["id"], "verify_email", email, means.clock())
    mail = mail_of(means, "verify_email", user, email, token, wanted.callback, wanted.languages)
    made = Create("sys_user", ({**user, "password": wanted.password},))
    await means.execute(Together((made, holds, mail)), system)
