"""What stored records get that lack a value which is there in every new one: the default of a field, or what the system knows of them."""

from typing import Any

from fieldstone.kinds.fields.field_type import Rejected
from fieldstone.query.cel.context import activation
from fieldstone.query.cel.expression import EvaluationError
from fieldstone.query.storage import Storage, StorageClass
from fieldstone.registry.catalog import Object
from fieldstone.registry.field_defaults import default_value
from fieldstone.registry.system_fields import CREATED_AT, CREATED_BY, UPDATED_AT
from fieldstone.store.columns import json_text
from fieldstone.store.migration.records import Records
from fieldstone.store.migration.step import Filling
from fieldstone.store.schema import ID, TENANT

ORGANIZATIONS = "sys_organization"
OWNER = "owner_id"


class Unfilled(Exception):
    """Why there is nothing to fill a field with."""

    def __init__(self, why: str) -> None:
        """Takes the reason, which goes on after the number of records."""
        super().__init__(why)
        self.why = why


async def filling_of(linked: Object, name: str, records: Records, now: str, *, organized: bool) -> Filling | None:
    """Returns what stored records get in a field; None where they go without. Raises Unfilled.

    `organized` says that the table of organisations is there.
    """
    if name == TENANT:
        return await _organization(records, organized=organized)
    if name == OWNER:
        known = CREATED_BY in linked.fields
        return Filling("the user who made it", copied=CREATED_BY) if known else None
    if name in (CREATED_AT, UPDATED_AT):
        return Filling("the moment of the migration", value=now)
    field = linked.fields[name]
    try:
        value = default_value(field, None, now, lambda: activation({}, now))
    except (EvaluationError, Rejected) as error:
        raise Unfilled(f"cannot get its default, which has no value outside of a request: {error}") from error
    if value is None:
        raise Unfilled("would lack a value, and no `defaultValue` gives them one")
    return Filling(_shown(value), value=value)


async def fill(records: Records, table: str, name: str, storage: Storage, filling: Filling) -> int:
    """Fills a field of those records that have no value; returns how many there were."""
    if filling.copied is not None:
        return await records.copy_lacking(table, name, filling.copied)
    return await records.write_lacking(table, name, storage, filling.value)


async def _organization(records: Records, *, organized: bool) -> Filling:
    """Returns the only organisation; where there are several, nobody can tell whose a record is."""
    found: list[str] = []
    if organized:
        async for some in records.values(ORGANIZATIONS, ID, Storage(StorageClass.TEXT)):
            found += [key for _, key, _ in some]
    if len(found) != 1:
        count = "is none" if not found else f"are {len(found)}"
        raise Unfilled(f"would be in no organisation: there {count}, where a single one could take them")
    return Filling("the only organisation", value=found[0])


def _shown(value: Any) -> str:
    return f"`{value}`" if isinstance(value, str) else f"`{json_text(value)}`"
