"""Object rights: which of the sets that a caller holds speak of an object as a whole, and what such a grant allows (contract 4.2)."""

from collections.abc import Iterable

from fieldstone.access.policy import Action
from fieldstone.kinds.permission import ObjectGrant
from fieldstone.registry.catalog import Catalog, Object, PermissionSet
from fieldstone.registry.granted import grant_in, lets_read


def held_sets(catalog: Catalog, names: Iterable[str]) -> list[PermissionSet]:
    """Returns the sets of these names that give anything, in the catalog's order: those that are declared and active."""
    wanted = frozenset(names)
    return [held for name, held in catalog.permissions.items() if name in wanted and held.declaration.active]


def grant_of(held: PermissionSet, subject: Object) -> ObjectGrant | None:
    """Returns what a set says about an object, or None where it says nothing."""
    return grant_in(held.declaration, subject)


def allows(grant: ObjectGrant, action: Action) -> bool:
    """Tells whether a grant holds the right to an action; seeing or changing all records is a right to read."""
    match action:
        case "read":
            return lets_read(grant)
        case "create":
            return grant.allow_create
        case "update":
            return grant.allow_edit
        case "delete":
            return grant.allow_delete
        case "restore":
            return grant.allow_restore
        case "purge":
            return grant.allow_purge


def lifts(grant: ObjectGrant, action: Action) -> bool:
    """Tells whether a grant lifts record scope and row rules for an action; nothing lifts the wall."""
    return grant.modify_all_records or (action == "read" and grant.view_all_records)
