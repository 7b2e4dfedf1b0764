"""A seat at an app for commands about its records: the app opened without a port, and who is sitting there.

Whoever may read an app's database may sit down as any of its users, and then sees and does what that user may, by the same door as over
HTTP. Nothing is seeded, swept or run meanwhile; servers on the same database go on. Refuses whom the app does not know.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from os import environ
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from fieldstone.access.caller import Caller
from fieldstone.app import Runtime, open_runtime
from fieldstone.app_process import Seams
from fieldstone.cli.worker import open_server_log
from fieldstone.engine.records import read_first, read_records
from fieldstone.errors import SettingsError
from fieldstone.identity.placement import ACTIVE_MEMBER
from fieldstone.query.names import did_you_mean, shown
from fieldstone.settings import read_settings

QUIET = Seams(runs="not", seeds=False, chores=False)

User = Annotated[str, Parameter(name="--as")]
"""The address of the user as whom a command acts."""


class Seat(msgspec.Struct, frozen=True, eq=False):
    """An app that is open, and the user as whom it is asked."""

    runtime: Runtime
    caller: Caller


@asynccontextmanager
async def take_seat(app: Path, email: str) -> AsyncIterator[Seat]:
    """Opens the app in a folder as a user, and closes it at the end of the block."""
    settings = read_settings(environ)
    async with open_runtime(app, settings, open_server_log(settings), QUIET) as runtime:
        yield Seat(runtime, await _caller(runtime, email.strip().lower()))


def show_progress(label: str, console: Console, total: int | None = None) -> tuple[Progress, Callable[[int], None]]:
    """Returns a bar for a block, which shows on terminals alone, and what tells it of so many more records."""
    progress = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    task = progress.add_task(label, total=total)
    return progress, lambda count: progress.advance(task, count)


async def _caller(runtime: Runtime, email: str) -> Caller:
    """Returns a user as he would ask in the app's own organisation, or in the only one that he is a member of."""
    execute = runtime.door.execute
    user = await read_first(execute, "sys_user", {"email": email}, ("id",))
    if user is None:
        known = [row["email"] for row in await read_records(execute, "sys_user", {"active": True}, ("email",))]
        hint = did_you_mean(email, known) or "`fieldstone user create` makes one."
        raise SettingsError(f"There is no user `{shown(email)}`.", hint=hint)
    place = {"user_id": user["id"], **ACTIVE_MEMBER}
    rows = await read_records(execute, "sys_member", place, ("organization_id",))
    organizations = [row["organization_id"] for row in rows]
    chosen = runtime.organization_id if runtime.organization_id in organizations else None
    if chosen is None and len(organizations) == 1:
        chosen = organizations[0]
    caller = await runtime.room.identity.member(user["id"], chosen)
    if caller is None:
        raise SettingsError(
            f"`{shown(email)}` is not active in an organisation as whose member he could be asked for.",
            hint="A user asks as a member of the app's own organisation, or of the only one that he is in.",
        )
    return caller
