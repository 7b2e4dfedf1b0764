"""Restoring a backup: everything is made ready beside what is there, and takes its place at the end.

What is interrupted before leaves the old. Between the two swaps the engine of flows is older than the records, never younger: what it takes
for unfinished is found done in the journals of the runs. Refuses a backup of another app, a database that somebody uses, one that has
something in it unless that is meant, and another secret unless that is meant.
"""

from collections.abc import Collection
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from fieldstone.errors import SettingsError
from fieldstone.services.backup.archive import Manifest, extract, opened
from fieldstone.services.backup.taking import Origin


async def restore_backup(file: Path, target: Origin, secrets: Collection[str] | None, *, replace: bool) -> Manifest:
    """Puts a backup in the place of an app's databases and returns its manifest.

    `secrets` tell the secrets that there are; None: it is meant that what was sealed stays shut.
    """
    with opened(file) as (archive, manifest):
        _require_fit(manifest, target, secrets)
        await _require_room(target, replace=replace)
        async with AsyncExitStack() as beside:
            for role, database in target.databases.items():
                saved = None
                if role in manifest.members:
                    folder = TemporaryDirectory(dir=database.workplace, prefix=".restore-")
                    saved = Path(beside.enter_context(folder)) / role
                    extract(archive, manifest, role, saved)
                beside.push_async_callback(database.abandon)
                await database.prepare(saved)
            for database in target.databases.values():
                await database.swap()
    return manifest


def _require_fit(manifest: Manifest, target: Origin, secrets: Collection[str] | None) -> None:
    if manifest.app != target.app:
        raise SettingsError(f"This is a backup of the app `{manifest.app}`, not of `{target.app}`.")
    for role, database in target.databases.items():
        member = manifest.members.get(role)
        if member is not None and member.database != database.kind:
            message = f"The `{role}` of this backup are of {member.database}, and would be put into {database.kind}."
            raise SettingsError(message, hint="Set FIELDSTONE_DATABASE_URL to a database of the kind that it was.")
    if missing := set(manifest.members) - set(target.databases):
        message = f"This backup holds `{missing.pop()}` in a database of its own, and here there is none for it."
        raise SettingsError(message, hint="Set FIELDSTONE_FLOWS_DATABASE_URL as it was.")
    if secrets is not None and manifest.secret not in secrets:
        raise SettingsError(
            "The secret is not the one that the app had when this backup was made: what it has sealed could not be opened.",
            hint="Set FIELDSTONE_SECRET, or FIELDSTONE_SECRET_OLD, to the secret of then; or say `--without-secret`.",
        )


async def _require_room(target: Origin, *, replace: bool) -> None:
    for database in target.databases.values():
        if await database.exists():
            if not replace:
                message = "There is a database already, which would be lost."
                raise SettingsError(message, hint="Say `--replace` to put the backup in its place.")
            await database.require_unused()
