"""The end of an organisation: it goes when nothing is left in it but the platform's own records, which go with it.

Refuses to end the first one, to which newcomers and seeds belong, and one that holds records, in the trash or not.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from fieldstone.access.caller import SYSTEM
from fieldstone.engine.hooks import Change, Context, Hook
from fieldstone.engine.operation import Delete, Read
from fieldstone.engine.outcome import Page
from fieldstone.engine.records import read_first, read_records
from fieldstone.errors import Conflict, NotFound
from fieldstone.identity.membership import MEMBERS
from fieldstone.query.document import QueryDocument
from fieldstone.registry.catalog import Catalog, Object
from fieldstone.registry.layout import PLATFORM

ORGANIZATIONS = "sys_organization"


def organization_hooks(catalog: Catalog) -> tuple[Hook, ...]:
    """Returns the hooks of an organisation that ends, in their order."""
    walled = [subject for subject in catalog.objects.values() if subject.walled]
    own = [subject.name for subject in walled if subject.package == PLATFORM]
    declared = [subject for subject in walled if subject.package != PLATFORM]
    return (
        Hook("keep_the_first_organization", ORGANIZATIONS, "before_delete", keep_the_first_organization),
        Hook("keep_records", ORGANIZATIONS, "before_delete", partial(keep_records, declared)),
        Hook("end_what_is_the_platforms", ORGANIZATIONS, "after_delete", partial(end_what_is_the_platforms, own)),
    )


async def keep_the_first_organization(context: Context, change: Change) -> None:
    """Refuses to delete the organisation that newcomers and seeds belong to."""
    first = await read_first(context.execute, ORGANIZATIONS, {}, ("id",), SYSTEM)
    if first is not None and first["id"] == change.id:
        raise Conflict("The first organisation stays: newcomers and seeds belong to it.")


async def keep_records(declared: Sequence[Object], context: Context, change: Change) -> None:
    """Refuses to delete an organisation that holds records of declared objects."""
    holding = [subject.name for subject in declared if await _holds(context, subject, change.id)]
    if holding:
        raise Conflict(
            "The organisation holds records.",
            details={"objects": holding},
            hint="Delete them first, and empty the trash.",
        )


async def end_what_is_the_platforms(own: Iterable[str], context: Context, change: Change) -> None:
    """Deletes the memberships, then whatever else of the platform is left within the organisation."""
    for name in (MEMBERS, *own):
        records = await read_records(context.execute, name, {"organization_id": change.id}, ("id",), SYSTEM)
        for record in reversed(records):
            with suppress(NotFound):
                await context.execute(Delete(name, record["id"]), SYSTEM)


async def _holds(context: Context, subject: Object, organization_id: str) -> bool:
    where: Mapping[str, Any] = {"organization_id": organization_id}
    document = QueryDocument(where=where, fields=["id"], limit=1, count=False)
    for trash in (False, True) if subject.declaration.enable.trash else (False,):
        found = await context.execute(Read(subject.name, document, trash=trash), SYSTEM)
        if isinstance(found, Page) and found.rows:
            return True
    return False
