"""The first start: an organisation, and its first administrator when the settings name one and there is no user."""

from contextlib import suppress

import msgspec

from fieldstone.access.caller import ADMINISTRATOR, system_in
from fieldstone.engine.operation import Update
from fieldstone.engine.records import Execute, create_records, read_first
from fieldstone.errors import SettingsError, UniqueViolation
from fieldstone.identity.organizations import ensure_organization
from fieldstone.kinds.app import AppDeclaration
from fieldstone.settings import Settings


class Account(msgspec.Struct, frozen=True):
    """A user to be made: `sets` are granted to him; `role` is his place in the organisation.

    `verified` says that whoever makes him vouches for his address.
    """

    email: str
    password: str
    name: str
    role: str = "member"
    sets: tuple[str, ...] = ()
    verified: bool = False


async def bootstrap(execute: Execute, app: AppDeclaration, settings: Settings) -> str:
    """Makes what a new database lacks and returns the default organisation's id; raises SettingsError for half an administrator."""
    email, password = settings.admin_email, settings.admin_password
    if (email is None) != (password is None):
        raise SettingsError(
            "Only one of FIELDSTONE_ADMIN_EMAIL and FIELDSTONE_ADMIN_PASSWORD is set.",
            hint="Set both to make the first administrator, or neither.",
        )
    organization_id = await ensure_organization(execute, app)
    if email is not None and password is not None:
        await _ensure_administrator(execute, email.strip().lower(), password, organization_id)
    return organization_id


async def create_account(execute: Execute, account: Account, organization_id: str) -> str:
    """Makes a user with his membership and his grants, and returns his id; raises UniqueViolation for a known address."""
    row = {
        "name": account.name,
        "email": account.email,
        "password": account.password,
        "email_verified": account.verified,
    }
    user_id = (await create_records(execute, "sys_user", [row], system_in(organization_id)))[0]
    await _place(execute, user_id, account.role, account.sets, organization_id)
    return user_id


async def _ensure_administrator(execute: Execute, email: str, password: str, organization_id: str) -> None:
    """Makes the first administrator unless somebody is here already.

    A user of that address without any administrator is a first start that was cut short, here or in another process: it is finished.
    """
    if await read_first(execute, "sys_user", {"email": {"$ne": email}}, ("id",)):
        return
    if await read_first(execute, "sys_user_permission_set", {"permission_set": ADMINISTRATOR}, ("id",)):
        return
    account = Account(email, password, name="Administrator", role="owner", sets=(ADMINISTRATOR,), verified=True)
    with suppress(UniqueViolation):
        user = await read_first(execute, "sys_user", {"email": email}, ("id",))
        if user is None:
            await create_account(execute, account, organization_id)
        else:
            await _place(execute, user["id"], account.role, account.sets, organization_id)


async def _place(execute: Execute, user_id: str, role: str, sets: tuple[str, ...], organization_id: str) -> None:
    """Gives a member his role and grants him permission sets."""
    system = system_in(organization_id)
    if role != "member":
        place = {"user_id": user_id, "organization_id": organization_id}
        member = await read_first(execute, "sys_member", place, ("id",))
        if member is not None:
            await execute(Update("sys_member", member["id"], {"role": role}), system)
    if sets:
        rows = [{"user_id": user_id, "permission_set": name} for name in sets]
        await create_records(execute, "sys_user_permission_set", rows, system)
