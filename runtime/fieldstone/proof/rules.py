"""The rules of permission sets, each as the catalog that is left when it is taken away."""

from collections.abc import Iterator
from typing import Any

import msgspec

from fieldstone.errors import Place
from fieldstone.kinds.permission import PERMISSION, ObjectGrant, PermissionDeclaration
from fieldstone.registry.catalog import Catalog, Item, PermissionSet
from fieldstone.registry.layout import PLATFORM

_GRANT = {field.name: field.encode_name for field in msgspec.structs.fields(ObjectGrant)}
_NO_GRANT = ObjectGrant()


class Rule(msgspec.Struct, frozen=True, eq=False):
    """One rule of a set: what it says, where, and everything declared but this."""

    said: str
    place: Place
    without: Catalog


def rules_of(catalog: Catalog) -> Iterator[Rule]:
    """Yields every rule of the permission sets that packages declare: rights to objects, rules of fields, row policies, capabilities."""
    for name, held in catalog.permissions.items():
        if held.package != PLATFORM:
            item = catalog.items[PERMISSION.name][name]
            for said, path, less in _lesser(held):
                permissions = {**catalog.permissions, name: less}
                without = msgspec.structs.replace(catalog, permissions=permissions)
                yield Rule(f"{name}: {said}", _place(item, path), without)


def _lesser(held: PermissionSet) -> Iterator[tuple[str, tuple[str | int, ...], PermissionSet]]:
    """Yields what each rule of a set says, its path in the document, and the set without it."""
    declaration = held.declaration
    for name, grant in declaration.objects.items():
        for key, spelled in _GRANT.items():
            if (value := getattr(grant, key)) != getattr(_NO_GRANT, key):
                lesser = msgspec.structs.replace(grant, **{key: getattr(_NO_GRANT, key)})
                path = ("objects", name, spelled)
                yield (
                    f"{name}: {spelled}: {_shown(value)}",
                    path,
                    _with(held, objects={**declaration.objects, name: lesser}),
                )
    for name, field in declaration.fields.items():
        others = {other: rule for other, rule in declaration.fields.items() if other != name}
        said = ", ".join(f"{key}: {_shown(value)}" for key, value in msgspec.structs.asdict(field).items())
        yield f"{name}: {said}", ("fields", name), _with(held, fields=others)
    for number, policy in enumerate(declaration.row_level_security):
        if policy.enabled:
            kept = {
                name: tuple(rule for rule in rules if rule.name != policy.name) for name, rules in held.rules.items()
            }
            less = msgspec.structs.replace(held, rules={name: rules for name, rules in kept.items() if rules})
            yield f"row policy {policy.name}", ("rowLevelSecurity", number, "name"), less


def _with(held: PermissionSet, **changes: Any) -> PermissionSet:
    declaration: PermissionDeclaration = msgspec.structs.replace(held.declaration, **changes)
    return msgspec.structs.replace(held, declaration=declaration)


def _shown(value: Any) -> str:
    return msgspec.json.encode(value).decode().strip('"')


def _place(item: Item, path: tuple[str | int, ...]) -> Place:
    return item.at(*path)
