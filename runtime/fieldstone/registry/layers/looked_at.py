"""Which fields rights look at: those that row policies name, and whatever these are computed from, at any depth."""

from collections import defaultdict
from collections.abc import Iterator

from fieldstone.kinds.object import OBJECT
from fieldstone.kinds.permission import PERMISSION
from fieldstone.registry.catalog import Catalog
from fieldstone.registry.references.mention import FIELDS, Target
from fieldstone.registry.references.names import Names
from fieldstone.registry.references.of_data import of_object
from fieldstone.registry.references.of_rights import of_permission

_COMPUTED = frozenset({"formula", "summary"})


def fields_looked_at(catalog: Catalog, object_name: str) -> frozenset[str]:
    """Returns the names of the fields of an object that rights look at."""
    names = Names(catalog.objects)
    inputs = defaultdict[Target, set[Target]](set)
    for field, read in _computations(catalog, names):
        inputs[field].add(read)
    found: set[Target] = set()
    wanted = {
        mention.target
        for item in catalog.items.get(PERMISSION.name, {}).values()
        for mention in of_permission(item, catalog, names)
        if mention.kind == "row_policy" and mention.target.section == FIELDS
    }
    while wanted:
        found |= wanted
        wanted = set().union(*(inputs[target] for target in wanted)) - found
    return frozenset(target.member for target in found if target.name == object_name)


def _computations(catalog: Catalog, names: Names) -> Iterator[tuple[Target, Target]]:
    """Yields each field that is computed, with a field that it is computed from."""
    for item in catalog.items.get(OBJECT.name, {}).values():
        for mention in of_object(item, catalog, names):
            if mention.kind in _COMPUTED and mention.target.section == FIELDS:
                yield Target(OBJECT.name, item.name, FIELDS, str(mention.path[1])), mention.target
