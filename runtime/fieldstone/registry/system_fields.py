"""The fields that every object has without declaring them: their names, order and types (contract 2.3)."""

from functools import cache

from fieldstone.kinds.fields.field_type import FieldOptions
from fieldstone.kinds.fields.number import NumberOptions
from fieldstone.kinds.fields.reference import LookupOptions
from fieldstone.kinds.fields.temporal import DatetimeOptions
from fieldstone.kinds.fields.text import TextOptions

NOT_NULL = frozenset({"id", "created_at", "updated_at", "version"})
"""The columns that never hold null."""

CREATED_AT = "created_at"
CREATED_BY = "created_by"
UPDATED_AT = "updated_at"
UPDATED_BY = "updated_by"
DELETED_AT = "deleted_at"
DELETED_BY = "deleted_by"
DELETED_WITH = "deleted_with"
"""When, by whom and along with which record one was moved to the trash; null on every other."""


AUDIT_NAMES = frozenset({CREATED_AT, CREATED_BY, UPDATED_AT, UPDATED_BY})
"""Who wrote a record and when; an object may do without them."""


@cache
def system_options(*, walled: bool, owned: bool, trash: bool, audited: bool) -> dict[str, FieldOptions]:
    """Returns an object's system fields in their order.

    `organization_id` when it is walled, `owner_id` when it is owned, those that say who wrote it and when if it is audited, `deleted_at`,
    `deleted_by` and `deleted_with` when it has a trash.
    """
    options: dict[str, FieldOptions] = {"id": TextOptions(label="Id")}
    if walled:
        options["organization_id"] = TextOptions(label="Organisation")
    if owned:
        options["owner_id"] = LookupOptions(label="Owner", reference="sys_user")
    if audited:
        options[CREATED_AT] = DatetimeOptions(label="Created")
        options[UPDATED_AT] = DatetimeOptions(label="Updated")
        options[CREATED_BY] = LookupOptions(label="Created by", reference="sys_user")
        options[UPDATED_BY] = LookupOptions(label="Updated by", reference="sys_user")
    options["version"] = NumberOptions(label="Version", scale=0)
    if trash:
        options[DELETED_AT] = DatetimeOptions(label="Deleted")
        options[DELETED_BY] = LookupOptions(label="Deleted by", reference="sys_user")
        options[DELETED_WITH] = TextOptions(label="Deleted with", internal=True)
    return options


SYSTEM_NAMES = frozenset(system_options(walled=True, owned=True, trash=True, audited=True))
