"""The first start: an organisation, and its first administrator when the settings name one and there is no user."""

from contextlib import suppress

import msgspec

from fieldstone.access.caller import SYSTEM, Caller, system_in
from fieldstone.engine.operation import Update
from fieldstone.engine.records import Execute, create_records, read_first
from fieldstone.errors import SettingsError, UniqueViolation
from fieldstone.identity.organizations import ensure_organization
from fieldstone.kinds.app import AppDeclaration
from fieldstone.settings import Settings

ADMINISTRATOR = "admin_full_access"
"""The permission set whose holders are an organisation's administrators."""


class Account(msgspec.Struct, frozen=True):
    """A user to be made: `sets` are granted to him; `role` is his place in the organisation."""

    email: str
    password: str
    name: str
    role: str = "member"
    sets: tuple[str, ...] = ()


async def bootstrap(execute: Execute, app: AppDeclaration, settings: Settings) -> str:
    """Makes what a new database lacks and returns the default organisation's id; raises SettingsError for half an administrator."""
    email, password = settings.admin_email, settings.admin_password
    if (email is None) != (password is None):
        raise SettingsError(
            "Only one of FIELDSTONE_ADMIN_EMAIL and FIELDSTONE_ADMIN_PASSWORD is set.",
            hint="Set both to make the first administrator, or neither.",
        )
    organization_id = await ensure_organization(execute, app)
    if email is not None and password is not None and await read_first(execute, "sys_user", {}, ("id",)) is None:
        account = Account(email, password, name="Administrator", role="owner", sets=(ADMINISTRATOR,))
        with suppress(UniqueViolation):
            await create_account(execute, account, organization_id)
    return organization_id


async def create_account(execute: Execute, account: Account, organization_id: str) -> str:
    """Makes a user with his membership and his grants, and returns his id; raises UniqueViolation for a known address."""
    system = system_in(organization_id)
    row = {"name": account.name, "email": account.email, "password": account.password}
    user_id = (await create_records(execute, "sys_user", [row], system))[0]
    if account.role != "member":
        place = {"user_id": user_id, "organization_id": organization_id}
        member = await read_first(execute, "sys_member", place, ("id",), SYSTEM)
        if member is not None:
            await execute(Update("sys_member", member["id"], {"role": account.role}), system)
    await grant(execute, user_id, account.sets, system)
    return user_id


async def grant(execute: Execute, user_id: str, sets: tuple[str, ...], system: Caller) -> None:
    """Grants permission sets to a user in the organisation of the given system caller."""
    rows = [{"user_id": user_id, "permission_set": name} for name in sets]
    if rows:
        await create_records(execute, "sys_user_permission_set", rows, system)
