"""The table `idents`: what stands before the ids of an object on a surface."""

from collections.abc import Mapping

from fieldstone.kinds.api import ApiDeclaration
from fieldstone.registry.catalog import Object
from fieldstone.surfaces.rest.table import IdentPart


def _no_prefix(_api: ApiDeclaration, _declared: Object) -> str:
    return ""


def _declared_prefix(api: ApiDeclaration, declared: Object) -> str:
    named = api.objects.get(declared.name)
    own = named.id_prefix if named is not None else None
    return own or declared.declaration.id_prefix or ""


IDENTS: Mapping[str, IdentPart] = {
    "plain": IdentPart(summary="The id as it is stored.", prefix=_no_prefix, prefixes=False),
    "prefixed": IdentPart(
        summary="The prefix that the api declares for the object, else the object's own `idPrefix`, else none.",
        prefix=_declared_prefix,
        prefixes=True,
    ),
}
