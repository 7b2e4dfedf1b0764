"""Capabilities: those that packages declare, and what is wrong where another is named."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from fieldstone.errors import Fault
from fieldstone.kinds.object import ObjectDeclaration, RequiredPermissions
from fieldstone.kinds.package import CAPABILITY, Capability
from fieldstone.kinds.permission import EVERY_CAPABILITY
from fieldstone.query.names import did_you_mean
from fieldstone.registry.catalog import Item
from fieldstone.registry.codes import Code
from fieldstone.registry.documents import Document, Package
from fieldstone.registry.layout import PACKAGE_FILE, shown
from fieldstone.registry.navigation import entries_of

Named = tuple[tuple[str | int, ...], str]
"""Where in a document a capability is named, and its name."""


def link_capabilities(packages: Iterable[Package]) -> tuple[dict[str, Capability], list[Fault]]:
    """Returns the capabilities of all packages; a fault for a name that two of them declare, or one twice."""
    found: dict[str, Capability] = {}
    faults: list[Fault] = []
    for package in packages:
        for number, capability in enumerate(package.declaration.capabilities):
            if capability.name in found:
                spot = package.source.spot.find(("capabilities", number, "name"))
                message = f"The capability `{capability.name}` is already declared."
                place = spot.of_value(shown(package.folder / PACKAGE_FILE))
                faults.append(Fault(place, Code.NAME_CLASH, message, "Keep one of the two."))
            found.setdefault(capability.name, capability)
    return found, faults


def capability_items(packages: Iterable[Package]) -> dict[str, Item]:
    """Returns the capabilities as they were written, by name."""
    return {
        capability.name: _item(package, number, capability.name)
        for package in packages
        for number, capability in enumerate(package.declaration.capabilities)
    }


def capability_faults(
    documents: Mapping[str, Mapping[str, Document]], known: Mapping[str, Capability]
) -> Iterator[Fault]:
    """Yields the fault of every capability that is named in a declaration and that no package declares."""
    named_in = {
        "permission": _given,
        "object": _required,
        "api": _asked,
        "action": _needed,
        "flow": _needed,
        "app": _entered,
    }
    for kind, named in named_in.items():
        for document in documents[kind].values():
            for path, name in named(document.declared):
                if name not in known:
                    message = f"No package declares a capability `{name}`."
                    hint = did_you_mean(name, known) or "Declare it under `capabilities` in a `package.yaml`."
                    yield document.fault(path, Code.UNKNOWN_CAPABILITY, message, hint)


def _given(declared: Any) -> Iterator[Named]:
    for number, name in enumerate(declared.system_permissions):
        if name != EVERY_CAPABILITY:
            yield ("systemPermissions", number), name


def _asked(declared: Any) -> Iterator[Named]:
    for number, operation in enumerate(declared.operations):
        if operation.permission is not None:
            yield ("operations", number, "permission"), operation.permission


def _needed(declared: Any) -> Iterator[Named]:
    return _each(("requiredPermissions",), declared.required_permissions)


def _entered(declared: Any) -> Iterator[Named]:
    yield from _needed(declared)
    for path, entry in entries_of(declared):
        yield from _each((*path, "requiredPermissions"), entry.required_permissions)


def _required(declared: Any) -> Iterator[Named]:
    declaration: ObjectDeclaration = declared
    required = declaration.required_permissions
    if isinstance(required, RequiredPermissions):
        for action, names in msgspec.structs.asdict(required).items():
            yield from _each(("requiredPermissions", action), names)
    else:
        yield from _each(("requiredPermissions",), required)
    for field, options in declaration.fields.items():
        if options.required_permissions:
            yield from _each(("fields", field, "requiredPermissions"), options.required_permissions)


def _each(path: tuple[str | int, ...], names: Sequence[str]) -> Iterator[Named]:
    return (((*path, number), name) for number, name in enumerate(names))


def _item(package: Package, number: int, name: str) -> Item:
    spot = package.source.spot.find(("capabilities", number))
    place = spot.of_value(shown(package.folder / PACKAGE_FILE))
    return Item(CAPABILITY.name, name, package.name, package.source.value["capabilities"][number], place, spot)
