"""Capabilities: the system permissions that a caller holds (contract 4.3).

The union over his sets. A set that grants every record of every object (`grants.grants_everything`) carries every capability that any
declaration gives or asks for, so that an administrator's never have to be kept in step by hand.
"""

from collections.abc import Iterable

from fieldstone.access.grants import grants_everything
from fieldstone.registry.catalog import Catalog


def capabilities(catalog: Catalog, sets: Iterable[str]) -> frozenset[str]:
    """Returns the capabilities that these permission sets give together; a name that is no set gives none."""
    held = [catalog.permissions[name] for name in sets if name in catalog.permissions]
    if any(grants_everything(item) for item in held):
        return known_capabilities(catalog)
    return frozenset(permission for item in held for permission in item.declaration.system_permissions)


def known_capabilities(catalog: Catalog) -> frozenset[str]:
    """Returns every capability that some declaration gives or asks for."""
    given = {name for item in catalog.permissions.values() for name in item.declaration.system_permissions}
    asked = {operation.permission for api in catalog.apis.values() for operation in api.operations}
    return frozenset(name for name in given | asked if name is not None)
