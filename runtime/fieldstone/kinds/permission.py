"""Kind `permission`: a permission set, the only container of rights (contract 4.2 to 4.5)."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

import msgspec

from fieldstone.kinds.declaration import Declared, Kind, Name

EVERY_CAPABILITY = "*"
_GIVEN = "A capability is spelled in lower case, such as `ai:chat`; `*` stands for all."
GivenCapability = Annotated[
    str, msgspec.Meta(pattern=r"^(\*|[a-z][a-z0-9_]*([.:][a-z0-9_]+)*)$", max_length=63, description=_GIVEN)
]


Depth = Literal["own", "own_and_reports", "unit", "unit_and_below", "org"]


class ObjectGrant(Declared, frozen=True, kw_only=True):
    """What a set allows on an object as a whole; view and modify all lift record scope and row policies, never the wall."""

    elsewhere: ClassVar[Mapping[str, str]] = {
        "read": "Write `allowRead`.",
        "create": "Write `allowCreate`.",
        "edit": "Write `allowEdit`.",
        "update": "Write `allowEdit`.",
        "delete": "Write `allowDelete`.",
        "transfer": "Write `allowTransfer`.",
        "viewAll": "Write `viewAllRecords`.",
        "modifyAll": "Write `modifyAllRecords`.",
    }

    allow_read: bool = False
    """Get, list, query, expand."""
    allow_create: bool = False
    """Create."""
    allow_edit: bool = False
    """Update."""
    allow_delete: bool = False
    """Delete."""
    allow_transfer: bool = False
    """Change `owner_id` by an update."""
    allow_restore: bool = False
    """See the trash, and bring records back from it."""
    allow_purge: bool = False
    """Delete records in the trash for good."""
    allow_export: bool | None = None
    """`false`: what this set lets its holder read, he may not take out as a file; unless said, he may."""
    read_scope: Depth = "own"
    """Whose records are read where the sharing model keeps them to their owners: his own, those of whoever reports to him too, of
    his business unit, of it and the units within, or all of the organisation."""
    write_scope: Depth = "own"
    """Whose records are changed where the sharing model keeps that to their owners; no wider than what is read. To delete stays with the
    owner."""
    view_all_records: bool = False
    """Read every record of the organisation."""
    modify_all_records: bool = False
    """Read every record of the organisation, and change and delete it where `allowEdit` and `allowDelete` are given."""


class FieldGrant(Declared, frozen=True, kw_only=True):
    """A rule for one field; a field without a rule is open."""

    readable: bool = True
    """`false`: for this set the field does not exist."""
    editable: bool = False
    """`true`: a body may set it; needs `readable`."""


class RowPolicy(Declared, frozen=True, kw_only=True):
    """Narrows the rows that this same set grants; both expressions are CEL over bare field names and `current_user`.

    `using` selects rows; `check` must hold on a row after a write and is `using` when unset.
    """

    name: Name
    """The policy's name within the set."""
    object: str
    """The object, or `'*'` for every object that the set grants."""
    operation: Literal["select", "insert", "update", "delete", "all"] = "all"
    """What it bounds; `update` and `delete` without a policy of their own are bounded by those for `select`."""
    using: str | None = None
    """Which records are reached."""
    check: str | None = None
    """What must hold on a record after it is written."""
    label: str | None = None
    """What people call it."""
    description: str | None = None
    """What it is for."""
    positions: tuple[Name, ...] = ()
    """Positions, by name: for whoever holds none of them, it selects nothing."""
    enabled: bool = True
    """`false`: as if it were not there."""
    tags: tuple[str, ...] = ()
    """Words by which people find it; told by `/meta`."""


class QueryBudget(Declared, frozen=True, kw_only=True):
    """How much one query may cost, told by the database's plan for it before it runs."""

    rows: Annotated[int, msgspec.Meta(ge=1)]
    """The most rows that it may read, answered or not."""


class PermissionDeclaration(Declared, frozen=True, kw_only=True):
    """A permission set; the set named `everyone` is held by every signed-in user, `guest` by anonymous callers."""

    elsewhere: ClassVar[Mapping[str, str]] = {
        "tabPermissions": "An app says `requiredPermissions`; give its capability by `systemPermissions`.",
    }

    name: Name
    """The name by which `sys_user_permission_set` grants it."""
    label: str | None = None
    """What people call it."""
    description: str | None = None
    """What its holders do."""
    active: bool = True
    """`false`: it gives nothing to whoever holds it."""
    is_default: bool = False
    """`true`: every member of an organisation holds it without a grant."""
    objects: dict[str, ObjectGrant] = {}
    """Rights by object name; `'*'` stands for every object that is not named here and not `access: {default: private}`."""
    fields: dict[str, FieldGrant] = {}
    """Rules by `object.field`; a field without one may be read and set by whoever may read and set the record."""
    system_permissions: tuple[GivenCapability, ...] = ()
    """Capabilities that it gives, as packages declare them; `'*'` gives all."""
    row_level_security: tuple[RowPolicy, ...] = ()
    """Row policies; several for one operation are joined by OR."""
    query_budget: QueryBudget | None = None
    """Bounds queries of the objects that the set lets read; the largest of several counts, and a set without one lifts it."""


PERMISSION = Kind(
    name="permission",
    plural="permissions",
    struct=PermissionDeclaration,
    summary="A permission set: object, field and row rights",
)
