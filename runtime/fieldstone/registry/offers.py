"""What the data API offers of an object: what `apiMethods` lists, as far as `managedBy` and `enable` leave it.

Refuses, at load, a key that is said in both of its places, and a method that is listed although another key takes it away.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import get_args

from fieldstone.errors import Fault
from fieldstone.kinds.object import ApiMethod, ManagedBy, Method, ObjectDeclaration
from fieldstone.registry.codes import Code
from fieldstone.registry.documents import Document

EVERY: tuple[ApiMethod, ...] = get_args(ApiMethod)

_CHANGES = frozenset({"update", "delete", "upsert", "restore", "purge"})
_TAKEN: Mapping[ManagedBy, frozenset[str]] = {
    "platform": frozenset(),
    "config": frozenset(),
    "system-data": frozenset(),
    "append-only": _CHANGES,
    "engine-owned": _CHANGES | {"create", "bulk", "import"},
    "better-auth": _CHANGES | {"create", "bulk", "import"},
}
"""The methods that are not offered of records kept in each way."""


def is_open(declaration: ObjectDeclaration) -> bool:
    """Tells whether surfaces know the object at all."""
    said = (declaration.api_enabled, declaration.enable.api_enabled)
    return False not in said


def offered_methods(declaration: ObjectDeclaration) -> tuple[Method, ...]:
    """Returns the methods that are offered, in their order."""
    listed = _listed(declaration)
    taken = _taken(declaration)
    kept: list[Method] = [method for method in EVERY if (listed is None or method in listed) and method not in taken]
    return (*kept, "clone") if "create" in kept and declaration.enable.clone else tuple(kept)


def offer_faults(document: Document, declaration: ObjectDeclaration) -> Iterator[Fault]:
    """Yields a fault for what is said twice, and for what is listed in vain."""
    for key, top, enabled in (
        ("apiEnabled", declaration.api_enabled, declaration.enable.api_enabled),
        ("apiMethods", declaration.api_methods, declaration.enable.api_methods),
    ):
        if top is not None and enabled is not None:
            message = f"`{key}` stands on the object already."
            yield document.fault(("enable", key), Code.WRONG_VALUE, message, "Keep one of the two.")
    path: tuple[str, ...] = ("apiMethods",) if declaration.api_methods is not None else ("enable", "apiMethods")
    for at, method in enumerate(_listed(declaration) or ()):
        if method in _taken(declaration):
            why = "`enable: {searchable: false}`" if method == "search" else f"`managedBy: {declaration.managed_by}`"
            yield document.fault((*path, at), Code.WRONG_VALUE, f"{why} takes `{method}` away.", "Drop one of the two.")
    if not declaration.enable.searchable:
        named = [("fields", name, "searchable") for name, field in declaration.fields.items() if field.searchable]
        for place in (*named, *((("searchableFields",),) if declaration.searchable_fields else ())):
            yield document.fault(
                place,
                Code.WRONG_VALUE,
                "The object is not searched: `enable: {searchable: false}`.",
                "Drop one of the two.",
            )


def _listed(declaration: ObjectDeclaration) -> Sequence[ApiMethod] | None:
    return declaration.api_methods if declaration.api_methods is not None else declaration.enable.api_methods


def _taken(declaration: ObjectDeclaration) -> frozenset[str]:
    return _TAKEN[declaration.managed_by] | (frozenset() if declaration.enable.searchable else {"search"})
