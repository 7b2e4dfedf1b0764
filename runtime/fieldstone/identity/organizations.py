"""Organisations: the default one, which is the oldest, and its making at the first start."""

from contextlib import suppress

from fieldstone.access.caller import SYSTEM
from fieldstone.engine.records import Execute, create_records, read_first
from fieldstone.errors import Internal, NotFound, UniqueViolation
from fieldstone.kinds.app import AppDeclaration


async def default_organization(execute: Execute) -> str:
    """Returns the id of the organisation that newcomers and seeds belong to."""
    organization_id = await _oldest(execute)
    if organization_id is None:
        raise Internal("There is no organisation: the server has not been started on this database yet.")
    return organization_id


async def organization_name(execute: Execute, organization_id: str) -> str:
    """Returns an organisation's name."""
    row = await read_first(execute, "sys_organization", {"id": organization_id}, ("name",))
    if row is None:
        raise NotFound(f"No organisation `{organization_id}`.")
    return str(row["name"])


async def ensure_organization(execute: Execute, app: AppDeclaration) -> str:
    """Returns the default organisation's id, after making one of the app's name when there is none.

    Its short name is unique, so that of two processes that start at once one makes it and the other finds it.
    """
    if found := await _oldest(execute):
        return found
    row = {"name": app.organization or app.label or app.name, "slug": app.name}
    with suppress(UniqueViolation):
        await create_records(execute, "sys_organization", [row], SYSTEM)
    return await default_organization(execute)


async def _oldest(execute: Execute) -> str | None:
    row = await read_first(execute, "sys_organization", {}, ("id",))
    return row["id"] if row else None
