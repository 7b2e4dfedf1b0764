"""Verifying an e-mail address: a mail with a link, and the link when it comes back.

The same link route ends a change of address (`email_change.py`). Whoever asks for a mail gets one answer, whether or not there is such
an account and whatever its state.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from fieldstone.access.caller import SYSTEM
from fieldstone.engine.operation import SendMail, Together, Update
from fieldstone.errors import NotFound, UniqueViolation
from fieldstone.identity.documents import UserDocument, user_document
from fieldstone.identity.local_path import local_path
from fieldstone.identity.means import Means, admit, find_user, normal, require_mail
from fieldstone.identity.verification import (
    HOURS,
    Purpose,
    drop_verifications,
    find_verification,
    issue,
    not_valid,
    use,
)

VERIFY = "auth.verify_email"
"""The handler that a link leads to."""


async def send_verification(means: Means, email: str, callback: str | None, languages: tuple[str, ...]) -> None:
    """Sends a mail to an address if it is that of an account and not verified; raises NotOffered, RateLimited, Invalid."""
    require_mail(means)
    await admit(means, email)
    if callback is not None:
        local_path(callback, "callbackURL")
    means.errands.add("verification", partial(_send, means, normal(email), callback, languages))


async def verify_email(means: Means, token: str) -> UserDocument:
    """Uses a token of a mail: its address is verified, or becomes its user's; raises Invalid."""
    found = await find_verification(means.execute, token, ("verify_email", "change_email"), means.clock())
    user = None if found is None else await find_user(means, {"id": found.user_id})
    if found is None or user is None:
        raise not_valid()
    if found.purpose == "verify_email" and user["email"] != found.value:
        raise not_valid()
    change = Update("sys_user", user["id"], {"email": found.value, "email_verified": True})
    try:
        await means.execute(Together((use(found), change)), SYSTEM)
    except (NotFound, UniqueViolation):
        raise not_valid() from None
    return user_document(await find_user(means, {"id": user["id"]}) or user)


def mail_of(
    means: Means,
    template: Purpose,
    user: Mapping[str, Any],
    to: str,
    token: str,
    callback: str | None,
    languages: Sequence[str],
) -> SendMail:
    """Returns the mail that brings a token to an address; it comes back by the route of links."""
    values = {
        "app": means.app,
        "name": user["name"],
        "url": require_mail(means).to(VERIFY, token, callback),
        "hours": str(HOURS[template]),
    }
    return SendMail(template, to, values, tuple(languages))


async def _send(means: Means, email: str, callback: str | None, languages: tuple[str, ...]) -> None:
    user = await find_user(means, {"email": email, "email_verified": {"$ne": True}})
    if user is None:
        return
    await drop_verifications(means.execute, user["id"], "verify_email")
    token, holds = issue(user["id"], "verify_email", email, means.clock())
    mail = mail_of(means, "verify_email", user, email, token, callback, languages)
    await means.execute(Together((holds, mail)), SYSTEM)
