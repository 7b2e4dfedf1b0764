"""Object rights: what one permission set says about an object as a whole (contract 4.2).

Within one set the entry of an object stands in place of its wildcard `'*'`. A wildcard does not reach an object that says
`access: {default: private}`, with one exception, which is how an administrator reaches everything without being named
anywhere in the code: a wildcard that carries both `viewAllRecords` and `modifyAllRecords`. Such a set hands out every record of
every public object already; whoever may grant it is trusted with the rest, and with every capability within an organisation.
"""

from collections.abc import Iterable, Mapping

from fieldstone.access.policy import Action
from fieldstone.kinds.permission import ObjectGrant
from fieldstone.registry.catalog import Catalog, Object, PermissionSet

WILDCARD = "*"


def held_sets(catalog: Catalog, names: Iterable[str]) -> list[PermissionSet]:
    """Returns the sets of these names that give anything, in the catalog's order: those that are declared and active."""
    wanted = frozenset(names)
    return [held for name, held in catalog.permissions.items() if name in wanted and held.declaration.active]


def grant_of(held: PermissionSet, subject: Object) -> ObjectGrant | None:
    """Returns what a set says about an object, or None where it says nothing."""
    grants: Mapping[str, ObjectGrant] = held.declaration.objects
    if subject.name in grants:
        return grants[subject.name]
    if subject.declaration.access.default == "public" or grants_everything(held):
        return grants.get(WILDCARD)
    return None


def grants_everything(held: PermissionSet) -> bool:
    """Tells whether a set's wildcard carries both view and modify all records."""
    wildcard = held.declaration.objects.get(WILDCARD)
    return wildcard is not None and wildcard.view_all_records and wildcard.modify_all_records


def allows(grant: ObjectGrant, action: Action) -> bool:
    """Tells whether a grant holds the right to an action; seeing or changing all records is a right to read."""
    match action:
        case "read":
            return grant.allow_read or grant.view_all_records or grant.modify_all_records
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
