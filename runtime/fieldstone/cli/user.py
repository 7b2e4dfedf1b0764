"""`fieldstone user`: makes users without a server, in the default organisation of an app's database."""

import asyncio
import getpass
import os
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console

from fieldstone.access.caller import ADMINISTRATOR
from fieldstone.app import TOOL, open_runtime
from fieldstone.app_catalog import load_catalog
from fieldstone.cli.worker import open_server_log
from fieldstone.errors import Conflict, Invalid, SettingsError, UniqueViolation
from fieldstone.identity.bootstrap import Account, create_account
from fieldstone.identity.organizations import organization_name
from fieldstone.query.names import did_you_mean, shown
from fieldstone.registry.catalog import Catalog
from fieldstone.settings import Settings, read_settings


def create(
    app: Path,
    email: str,
    /,
    *,
    password: str | None = None,
    permission_set: Annotated[list[str] | None, Parameter(consume_multiple=True, negative="")] = None,
    admin: Annotated[bool, Parameter(negative="")] = False,
    name: str | None = None,
) -> None:
    """Make a user in the app's default organisation.

    Parameters
    ----------
    app
        The app's folder, with its `app.yaml`.
    email
        The address to sign in with.
    password
        The password; asked for unless given.
    permission_set
        Permission sets to grant, by their declared names.
    admin
        Make the user an administrator: every object, every record.
    name
        The user's name; what stands before the `@` unless given.
    """
    settings = read_settings(os.environ)
    sets = _declared_sets(load_catalog(app), permission_set or [])
    account = Account(
        email=email.strip().lower(),
        password=_ask_for_password(email) if password is None else password,
        name=name or email.partition("@")[0],
        role="admin" if admin else "member",
        sets=tuple(dict.fromkeys([*sets, *([ADMINISTRATOR] if admin else [])])),
        verified=True,
    )
    organization = asyncio.run(_create(app, settings, account))
    console = Console(highlight=False, soft_wrap=True)
    held = ", ".join(f"`{granted}`" for granted in account.sets) or "no permission set but `everyone`"
    console.print(f"Made {account.email}, a member of {organization}, holding {held}.", markup=False)


async def _create(app: Path, settings: Settings, account: Account) -> str:
    """Makes the user; returns the name of his organisation."""
    async with open_runtime(app, settings, open_server_log(settings), TOOL) as runtime:
        try:
            await create_account(runtime.door.execute, account, runtime.organization_id)
        except UniqueViolation as error:
            raise Conflict(f"There is a user `{shown(account.email)}` already.") from error
        except Invalid as error:
            raise _told(error) from error
        return await organization_name(runtime.door.execute, runtime.organization_id)


def _declared_sets(catalog: Catalog, names: list[str]) -> list[str]:
    for name in names:
        if name not in catalog.permissions:
            message = f"No permission set `{shown(name)}` is declared."
            raise SettingsError(message, hint=did_you_mean(name, catalog.permissions))
    return names


def _ask_for_password(email: str) -> str:
    if not sys.stdin.isatty():
        raise SettingsError("No password is given.", hint="Say `--password`, or run this in a terminal.")
    password = getpass.getpass(f"Password for {email}: ")
    if getpass.getpass("The same again: ") != password:
        raise SettingsError("The two passwords differ; nobody was made.")
    return password


def _told(error: Invalid) -> Invalid:
    """Returns the refusal with what is wrong in its message, for a terminal has no list of fields."""
    return Invalid(". ".join(fault.message for fault in error.faults) + ".", faults=error.faults)
