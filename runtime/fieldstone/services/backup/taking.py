"""Taking a backup: every database of an app at one moment, while servers go on.

The engine of flows keeps its own database: which process is at which run. Were its copy younger than that of the records, it might know a
segment as done that the records have not begun, and nobody would do it until the waker looks again. So both moments are taken while no run
can be written, which lasts as long as it takes to begin two transactions; the copying comes after.
"""

import zipfile
from collections.abc import Mapping
from contextlib import AsyncExitStack
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from fieldstone.clock import Clock
from fieldstone.errors import SettingsError
from fieldstone.services.backup.archive import FORMAT, Manifest, Member, Role, add, add_manifest, new_archive, new_file
from fieldstone.store.backup.interface import Moment, WholeDatabase


class Origin(msgspec.Struct, frozen=True, eq=False):
    """The app whose backup is taken, or that is restored: `flows` is the engine's database unless it is a part of the records'."""

    app: str
    catalog: str
    records: WholeDatabase
    flows: WholeDatabase | None

    @property
    def databases(self) -> dict[Role, WholeDatabase]:
        """The databases by what they hold, the engine's first."""
        own: dict[Role, WholeDatabase] = {} if self.flows is None else {"flows": self.flows}
        return {**own, "records": self.records}


async def take_backup(origin: Origin, secret: str, out: Path, clock: Clock) -> Manifest:
    """Writes a backup to a file that is not there yet, and returns its manifest; `secret` is what tells the secret."""
    if not await origin.records.exists():
        raise SettingsError("There is no database yet, so there is nothing to back up.", hint="Serve the app first.")
    with new_file(out) as file, TemporaryDirectory(dir=file.parent, prefix=".backup-") as folder:
        async with AsyncExitStack() as held:
            made_at, moments = await _one_moment(origin, clock, held)
            saved = {role: Path(folder) / role for role in moments}
            for role, moment in moments.items():
                await moment.save(saved[role])
        with new_archive(file) as archive:
            members = await _add_all(archive, origin, saved)
            manifest = Manifest(FORMAT, origin.app, made_at, version("fieldstone"), origin.catalog, secret, members)
            add_manifest(archive, manifest)
        return manifest


async def _one_moment(origin: Origin, clock: Clock, held: AsyncExitStack) -> tuple[str, dict[Role, Moment]]:
    """Returns the databases as they are at one moment, and an instant just before it."""
    there = {role: database for role, database in origin.databases.items() if await database.exists()}
    if len(there) == 1:
        return clock(), {"records": await held.enter_async_context(origin.records.moment())}
    async with origin.records.unwritten():
        made_at = clock()
        return made_at, {role: await held.enter_async_context(each.moment()) for role, each in there.items()}


async def _add_all(archive: zipfile.ZipFile, origin: Origin, saved: Mapping[Role, Path]) -> dict[Role, Member]:
    members: dict[Role, Member] = {}
    for role, path in saved.items():
        database = origin.databases[role]
        members[role] = add(archive, role, path, database.kind, await database.version())
        path.unlink()
    return members
