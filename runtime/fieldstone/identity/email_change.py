"""Changing an e-mail address: the new one is verified by a mail before it counts, and the old one is told.

A new address that somebody else has gets the same answer and no mail. A new password makes the request void.
"""

from functools import partial

from fieldstone.access.caller import SYSTEM
from fieldstone.engine.operation import SendMail, Together
from fieldstone.engine.records import read_first
from fieldstone.errors import FieldFault, Invalid
from fieldstone.identity.documents import SessionDocument, UserDocument
from fieldstone.identity.email_verification import mail_of
from fieldstone.identity.local_path import local_path
from fieldstone.identity.means import Means, normal, require_mail, session_key
from fieldstone.identity.new_values import check_values
from fieldstone.identity.verification import drop_verifications, issue


async def request_change(
    means: Means,
    session: SessionDocument,
    new_email: str,
    callback: str | None,
    languages: tuple[str, ...],
) -> None:
    """Sends a mail to the new address, and a notice to the old one; raises NotOffered, RateLimited, Invalid."""
    require_mail(means)
    await means.throttle.admit(session_key(session.user.id))
    if callback is not None:
        local_path(callback, "callbackURL")
    email = normal(new_email)
    check_values(means, {"email": email}, email, {"email": "newEmail"})
    if email == session.user.email:
        fault = FieldFault("newEmail", "invalid_value", "That is your address already.")
        raise Invalid(fault.message, faults=[fault])
    means.errands.add("change of address", partial(_send, means, session.user, email, callback, languages))


async def _send(means: Means, user: UserDocument, email: str, callback: str | None, languages: tuple[str, ...]) -> None:
    if await read_first(means.execute, "sys_user", {"email": email}, ("id",)) is not None:
        return
    await drop_verifications(means.execute, user.id, "change_email")
    token, holds = issue(user.id, "change_email", email, means.clock())
    mail = mail_of(means, "change_email", {"name": user.name}, email, token, callback, languages)
    notice = SendMail(
        "change_email_notice", user.email, {"app": means.app, "name": user.name, "address": email}, languages
    )
    await means.execute(Together((holds, mail, notice)), SYSTEM)
