"""Kind `permission`: a permission set, the only container of rights (contract 4.2 to 4.5)."""

from typing import Literal

from fieldstone.kinds.declaration import Declared, Kind
from fieldstone.kinds.object import Name


class ObjectGrant(Declared, frozen=True, kw_only=True):
    """What a set allows on an object as a whole; view and modify all lift record scope and row policies, never the wall."""

    allow_read: bool = False
    allow_create: bool = False
    allow_edit: bool = False
    allow_delete: bool = False
    allow_transfer: bool = False
    view_all_records: bool = False
    modify_all_records: bool = False


class FieldGrant(Declared, frozen=True, kw_only=True):
    """A rule for one field; a field without a rule is open."""

    readable: bool = True
    editable: bool = False


class RowPolicy(Declared, frozen=True, kw_only=True):
    """Narrows the rows that this same set grants; both expressions are CEL over bare field names and `current_user`.

    `using` selects rows; `check` must hold on a row after a write and is `using` when unset.
    """

    name: Name
    object: str
    operation: Literal["select", "insert", "update", "delete", "all"] = "all"
    using: str | None = None
    check: str | None = None
    label: str | None = None
    description: str | None = None
    enabled: bool = True


class PermissionDeclaration(Declared, frozen=True, kw_only=True):
    """A permission set; the set named `everyone` is held by every signed-in user, `guest` by anonymous callers."""

    name: Name
    label: str | None = None
    description: str | None = None
    objects: dict[str, ObjectGrant] = {}
    fields: dict[str, FieldGrant] = {}
    system_permissions: tuple[str, ...] = ()
    row_level_security: tuple[RowPolicy, ...] = ()


PERMISSION = Kind(
    name="permission", plural="permissions", struct=PermissionDeclaration, summary="A permission set: object, field and row rights"
)
