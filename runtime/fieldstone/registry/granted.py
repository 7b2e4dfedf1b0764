"""What one permission set gives by itself: its word on an object, and its capabilities (contract 4.2).

Within one set the entry of an object stands in place of its wildcard `'*'`. A wildcard does not reach an object that says
`access: {default: private}`, with one exception, which is how an administrator reaches everything without being named
anywhere in the code: a wildcard that carries both `viewAllRecords` and `modifyAllRecords`. Such a set hands out every record of
every public object already; whoever may grant it is trusted with the rest, and with every capability within an organisation.
"""

from collections.abc import Collection

from fieldstone.kinds.permission import EVERY_CAPABILITY, ObjectGrant, PermissionDeclaration
from fieldstone.registry.catalog import Object

WILDCARD = "*"


def grant_in(declaration: PermissionDeclaration, subject: Object) -> ObjectGrant | None:
    """Returns what a set says about an object, or None where it says nothing."""
    if subject.name in declaration.objects:
        return declaration.objects[subject.name]
    if subject.declaration.access.default == "public" or grants_everything(declaration):
        return declaration.objects.get(WILDCARD)
    return None


def grants_everything(declaration: PermissionDeclaration) -> bool:
    """Tells whether a set's wildcard carries both view and modify all records."""
    wildcard = declaration.objects.get(WILDCARD)
    return wildcard is not None and wildcard.view_all_records and wildcard.modify_all_records


def lets_read(grant: ObjectGrant) -> bool:
    """Tells whether a grant holds the right to read; seeing or changing all records is one."""
    return grant.allow_read or grant.view_all_records or grant.modify_all_records


def gives(declaration: PermissionDeclaration, capabilities: Collection[str]) -> bool:
    """Tells whether a set gives capabilities by itself; one that grants every record of every object is taken to give all."""
    if not capabilities:
        return True
    given = set(declaration.system_permissions)
    return EVERY_CAPABILITY in given or grants_everything(declaration) or given.issuperset(capabilities)
