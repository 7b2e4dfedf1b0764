"""The fields that every object has without declaring them: their names, order and types (contract 2.3)."""

from functools import cache

from fieldstone.kinds.fields.field_type import FieldOptions
from fieldstone.kinds.fields.number import NumberOptions
from fieldstone.kinds.fields.reference import LookupOptions
from fieldstone.kinds.fields.temporal import DatetimeOptions
from fieldstone.kinds.fields.text import TextOptions

NOT_NULL = frozenset({"id", "created_at", "updated_at", "version"})
"""The columns that never hold null."""

DELETED_AT = "deleted_at"
DELETED_BY = "deleted_by"
DELETED_WITH = "deleted_with"
"""When, by whom and along with which record one was moved to the trash; null on every other."""


@cache
def system_options(*, walled: bool, owned: bool, trash: bool) -> dict[str, FieldOptions]:
    """Returns an object's system fields in their order.

    `organization_id` when it is walled, `owner_id` when it is owned, `deleted_at`, `deleted_by` and `deleted_with` when it has a trash.
    """
    options: dict[str, FieldOptions] = {"id": TextOptions(label="Id")}
    if walled:
        options["organization_id"] = TextOptions(label="Organisation")
    if owned:
        options["owner_id"] = LookupOptions(label="Owner", reference="sys_user")
    options["created_at"] = DatetimeOptions(label="Created")
    options["updated_at"] = DatetimeOptions(label="Updated")
    options["created_by"] = LookupOptions(label="Created by", reference="sys_user")
    options["updated_by"] = LookupOptions(label="Updated by", reference="sys_user")
    options["version"] = NumberOptions(label="Version", scale=0)
    if trash:
        options[DELETED_AT] = DatetimeOptions(label="Deleted")
        options[DELETED_BY] = LookupOptions(label="Deleted by", reference="sys_user")
        options[DELETED_WITH] = TextOptions(label="Deleted with", internal=True)
    return options


SYSTEM_NAMES = frozenset(system_options(walled=True, owned=True, trash=True))
