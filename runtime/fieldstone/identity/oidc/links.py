"""A user's own links: the accounts at providers by which he signs in, and the end of one. The last way in stays."""

import msgspec

from fieldstone.access.caller import SYSTEM
from fieldstone.engine.operation import Delete
from fieldstone.engine.records import read_first, read_records
from fieldstone.errors import Conflict, NotFound
from fieldstone.identity.documents import SessionDocument
from fieldstone.identity.means import Means
from fieldstone.identity.oidc.people import ACCOUNT

_STORED = ("id", "provider", "subject", "created_at")


class LinkedAccount(msgspec.Struct, frozen=True, rename="camel"):
    """An account at a provider; `accountId` is what the provider calls its user."""

    id: str
    provider_id: str
    account_id: str
    created_at: str


async def list_accounts(means: Means, session: SessionDocument) -> list[LinkedAccount]:
    """Returns the accounts that are linked to whoever is signed in, the oldest first."""
    rows = await read_records(means.execute, ACCOUNT, {"user_id": session.user.id}, _STORED)
    return [LinkedAccount(row["id"], row["provider"], row["subject"], row["created_at"]) for row in rows]


async def unlink_account(means: Means, session: SessionDocument, provider: str, subject: str | None) -> None:
    """Ends a link of whoever is signed in; raises NotFound, and Conflict for the only way in that he has."""
    linked = await list_accounts(means, session)
    found = [one for one in linked if one.provider_id == provider and subject in (None, one.account_id)]
    if not found:
        raise NotFound("There is no such account among yours.")
    user = await read_first(means.execute, "sys_user", {"id": session.user.id}, ("password",))
    if len(linked) == 1 and (user is None or user["password"] is None):
        raise Conflict("This is your only way to sign in.", hint="Choose a password first, by `forget-password`.")
    await means.execute(Delete(ACCOUNT, found[0].id), SYSTEM)
