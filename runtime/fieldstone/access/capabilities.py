"""Capabilities: the system permissions that a caller holds, and those that an object or a field asks for (contract 4.3).

He holds the union over his sets. A set gives those that it names, all of them for `'*'`; one that grants every record of every object
(`granted.grants_everything`) gives besides all that reach no further than an organisation.
"""

from collections.abc import Iterable, Mapping

from fieldstone.access.caller import Caller
from fieldstone.access.grants import held_sets
from fieldstone.access.policy import Action
from fieldstone.errors import PermissionDenied
from fieldstone.kinds.object import RequiredPermissions
from fieldstone.kinds.permission import EVERY_CAPABILITY
from fieldstone.registry.catalog import Catalog, Object
from fieldstone.registry.granted import grants_everything

_ASKED_FOR: Mapping[Action, tuple[str, ...]] = {
    "read": ("read",),
    "create": ("create",),
    "update": ("update",),
    "delete": ("delete",),
    "restore": ("read", "delete"),
    "purge": ("read", "delete"),
}


def capabilities(catalog: Catalog, sets: Iterable[str]) -> frozenset[str]:
    """Returns the capabilities that these permission sets give together; a name that is no set gives none."""
    given: set[str] = set()
    for held in held_sets(catalog, sets):
        if EVERY_CAPABILITY in held.declaration.system_permissions:
            return frozenset(catalog.capabilities)
        given.update(held.declaration.system_permissions)
        if grants_everything(held.declaration):
            given.update(name for name, item in catalog.capabilities.items() if item.scope == "org")
    return frozenset(given)


def required_capabilities(subject: Object, action: Action) -> tuple[str, ...]:
    """Returns the capabilities that an action on an object asks for."""
    required = subject.declaration.required_permissions
    if isinstance(required, RequiredPermissions):
        return tuple(name for key in _ASKED_FOR[action] for name in getattr(required, key))
    return required


def missing(capability: str, caller: Caller) -> PermissionDenied:
    """Returns the refusal of a caller who lacks a capability."""
    return PermissionDenied(f"Missing {capability}.", details={"permission": capability, "subject": caller.id})
