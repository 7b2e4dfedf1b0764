"""A forgotten password: a mail with a link to whoever has the address, and a new password for the link's token.

Whoever asks for a mail gets one answer, at once, whether or not there is such an account. A new password ends every session.
"""

from functools import partial

from fieldstone.access.caller import SYSTEM
from fieldstone.engine.operation import SendMail, Together, Update
from fieldstone.errors import NotFound
from fieldstone.identity.local_path import local_path
from fieldstone.identity.means import Means, admit, find_user, normal, require_mail
from fieldstone.identity.new_values import check_values
from fieldstone.identity.verification import (
    HOURS,
    Verification,
    drop_verifications,
    find_verification,
    issue,
    not_valid,
    use,
)

RETURN = "auth.return_to_reset"
"""The handler that a link leads to."""


async def forget_password(means: Means, email: str, callback: str | None, languages: tuple[str, ...]) -> None:
    """Sends a link to an address if it is that of an active account; raises NotOffered, RateLimited, Invalid."""
    require_mail(means)
    await admit(means, email)
    page = means.auth.reset_page if callback is None else local_path(callback, "redirectTo")
    means.errands.add("password reset", partial(_send, means, normal(email), page, languages))


async def is_open(means: Means, token: str) -> bool:
    """Tells whether a new password may be chosen with a token; it stays unused."""
    found = await _find(means, token)
    return found is not None


async def reset_password(means: Means, token: str, new_password: str) -> None:
    """Sets a new password with a token, which proves the address too; raises Invalid."""
    found = await _find(means, token)
    if found is None:
        raise not_valid()
    check_values(means, {"password": new_password}, found.value, {"password": "newPassword"})
    change = Update("sys_user", found.user_id, {"password": new_password, "email_verified": True})
    try:
        await means.execute(Together((use(found), change)), SYSTEM)
    except NotFound:
        raise not_valid() from None


async def _find(means: Means, token: str) -> Verification | None:
    """Returns a token of an active account that still has the address to which it went."""
    found = await find_verification(means.execute, token, ("reset_password",), means.clock())
    if found is None or await find_user(means, {"id": found.user_id, "email": found.value}) is None:
        return None
    return found


async def _send(means: Means, email: str, page: str, languages: tuple[str, ...]) -> None:
    user = await find_user(means, {"email": email})
    if user is None:
        return
    await drop_verifications(means.execute, user["id"], "reset_password")
    token, holds = issue(user["id"], "reset_password", email, means.clock())
    values = {
        "app": means.app,
        "name": user["name"],
        "url": require_mail(means).to(RETURN, token, page),
        "hours": str(HOURS["reset_password"]),
    }
    await means.execute(Together((holds, SendMail("reset_password", email, values, languages))), SYSTEM)
