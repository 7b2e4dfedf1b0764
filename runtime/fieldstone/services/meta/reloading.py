"""Reading an app's files again while it runs, because an administrator says so: what was there before stays where they have faults."""

from collections.abc import Awaitable, Callable

import msgspec

from fieldstone.access.caller import Caller
from fieldstone.errors import DeclarationError
from fieldstone.registry.catalog import Catalog
from fieldstone.services.meta.authority import Authority
from fieldstone.services.meta.told_faults import refused_files

Reload = Callable[[], Awaitable[Catalog]]
"""Puts in force what the files say now, and returns what is; raises DeclarationError."""


class ChangedItem(msgspec.Struct, frozen=True, order=True):
    """A declaration that is not what it was, is new, or is gone."""

    type: str
    name: str


class Reloaded(msgspec.Struct, frozen=True):
    """What came of it: whether anything is another than before, the version that is in force, and which declarations differ."""

    reloaded: bool
    version: str
    changed: list[ChangedItem]


class Reloading:
    """Reads the files again for those who may have it done."""

    def __init__(self, catalog: Catalog, authority: Authority, reload: Reload) -> None:
        """Takes the catalog of today, who may, and how."""
        self._catalog = catalog
        self._authority = authority
        self._reload = reload

    async def reload(self, caller: Caller) -> Reloaded:
        """Reads the files again; raises PermissionDenied, and Invalid with every fault of theirs."""
        self._authority.require_administrator(self._catalog, caller)
        try:
            after = await self._reload()
        except DeclarationError as error:
            raise refused_files(error, self._catalog) from error
        return Reloaded(after.version != self._catalog.version, after.version, changed_items(self._catalog, after))


def changed_items(before: Catalog, after: Catalog) -> list[ChangedItem]:
    """Returns the declarations in which two catalogs differ, by kind and name."""
    names = {(kind, name) for catalog in (before, after) for kind, items in catalog.items.items() for name in items}
    return sorted(
        ChangedItem(kind, name) for kind, name in names if _document(before, kind, name) != _document(after, kind, name)
    )


def _document(catalog: Catalog, kind: str, name: str) -> object:
    item = catalog.items.get(kind, {}).get(name)
    return None if item is None else item.document
