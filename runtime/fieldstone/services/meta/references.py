"""Who names a declaration or a member of it, as far as somebody may know: in what he is told of, at the places that he is told."""

from collections.abc import Iterator

import msgspec

from fieldstone.access.caller import Caller
from fieldstone.registry.references.index import References
from fieldstone.registry.references.mention import Target
from fieldstone.services.meta.sight import Sight
from fieldstone.services.meta.told import told_of
from fieldstone.services.meta.told_path import told_path


class Reference(msgspec.Struct, frozen=True, omit_defaults=True):
    """A place in a declaration that names another one: as what, and at which path of the declaration as it is told."""

    type: str
    name: str
    path: str
    kind: str
    label: str | None = None


def references_to(sight: Sight, caller: Caller, references: References, target: Target) -> list[Reference]:
    """Returns who names something, in the catalog's order, to the rights of a caller."""
    return list(dict.fromkeys(_told(sight, caller, references, target)))


def _told(sight: Sight, caller: Caller, references: References, target: Target) -> Iterator[Reference]:
    for item, mention in references.get(target, ()):
        told = told_of(sight, caller, item)
        path = None if told is None else told_path(item.document, told, mention.path)
        if told is not None and path is not None:
            yield Reference(item.kind, item.name, ".".join(map(str, path)), mention.kind, told.get("label"))
