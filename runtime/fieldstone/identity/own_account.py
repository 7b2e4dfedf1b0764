"""One's own account: a new password for whoever knows the old one, a name and a picture, and its end."""

from collections.abc import Mapping
from typing import Any

from fieldstone.access.caller import SYSTEM, Caller
from fieldstone.engine.operation import Delete, Update
from fieldstone.errors import Unauthenticated
from fieldstone.identity.documents import SessionDocument, SignedIn, UserDocument, user_document
from fieldstone.identity.means import Means, find_user
from fieldstone.identity.new_values import check_values
from fieldstone.identity.opening import open_for
from fieldstone.identity.password_check import check_password
from fieldstone.identity.sessions import Origin


async def change_password(
    means: Means, session: SessionDocument, current: str, new: str, origin: Origin, *, revoke_others: bool
) -> tuple[UserDocument, SignedIn | None]:
    """Sets a new password; with `revoke_others` every session ends and a new one is opened in the place of this one.

    Returns the user, and the new session. Raises RateLimited, Invalid.
    """
    user = session.user
    await check_password(means, user, current, "currentPassword")
    check_values(means, {"password": new}, user.email, {"password": "newPassword"})
    change = Update("sys_user", user.id, {"password": new})
    await means.execute(change, SYSTEM if revoke_others else _himself(user))
    record = await find_user(means, {"id": user.id})
    if record is None:
        raise Unauthenticated("The account is gone already.")
    if not revoke_others:
        return user_document(record), None
    return user_document(record), await open_for(means.execute, means.auth, means.clock, record, origin)


async def update_user(means: Means, session: SessionDocument, values: Mapping[str, Any]) -> None:
    """Changes the name or the picture of a user; raises Invalid."""
    await means.execute(Update("sys_user", session.user.id, values), _himself(session.user))


async def delete_account(means: Means, session: SessionDocument, password: str) -> None:
    """Deletes the account of whoever is signed in, and with it his sessions, keys and memberships.

    Raises Invalid for a wrong password, RateLimited, DeleteRestricted while he owns records, Conflict for the last administrator.
    """
    await check_password(means, session.user, password)
    await means.execute(Delete("sys_user", session.user.id), _himself(session.user))


def _himself(user: UserDocument) -> Caller:
    """Returns the system acting for a user who changes his own account: his sessions stay."""
    return Caller(sets=frozenset(), values={"id": user.id}, system=True)
