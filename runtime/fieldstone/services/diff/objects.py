"""Objects: what the data API offers of them, their fields, their rules and their unique keys."""

from collections.abc import Iterator

from fieldstone.kinds.object import ObjectDeclaration
from fieldstone.registry.catalog import Catalog, Field, Object
from fieldstone.registry.layout import PLATFORM
from fieldstone.services.diff.fields import field_findings
from fieldstone.services.diff.finding import Finding, pairs, renamed
from fieldstone.services.diff.keys import ENABLE_KEYS, OBJECT_KEYS, key_findings

TOLD_HERE = ("name", "fields", "indexes", "validations", "enable", "apiEnabled", "apiMethods")


def object_findings(old: Catalog, new: Catalog) -> Iterator[Finding]:
    """Yields what differs between the objects of packages."""
    before, after = _own(old), _own(new)
    former = renamed(before, {name: item.declaration.renamed_from for name, item in after.items()})
    for name, one, other in pairs(before, after):
        subject = f"object {name}"
        if name in former:
            yield Finding("breaking", subject, f"`{name}`: the object was called `{former[name]}`.")
        elif name in former.values():
            continue
        elif other is None:
            yield Finding("breaking", subject, f"`{name}`: the object is gone.")
        elif one is None:
            yield Finding("added", subject, f"`{name}`: the object is new.")
        else:
            yield from _changed(subject, one, other)


def _own(catalog: Catalog) -> dict[str, Object]:
    return {name: item for name, item in catalog.objects.items() if item.package != PLATFORM}


def _changed(subject: str, old: Object, new: Object) -> Iterator[Finding]:
    where = f"`{new.name}`"
    if old.api_enabled != new.api_enabled:
        told = "is offered now" if new.api_enabled else "is no longer offered"
        yield Finding("added" if new.api_enabled else "breaking", subject, f"{where}: {told}.")
    for method in sorted({*old.offered, *new.offered}):
        if method not in new.offered:
            yield Finding("breaking", subject, f"{where}: `{method}` is no longer offered.")
        elif method not in old.offered:
            yield Finding("added", subject, f"{where}: `{method}` is offered now.")
    yield from field_findings(subject, new.name, _declared(old), _declared(new), "field")
    yield from _rules(subject, where, old.declaration, new.declaration)
    yield from _unique_keys(subject, where, old.declaration, new.declaration)
    yield from key_findings(subject, where, old.declaration.enable, new.declaration.enable, ENABLE_KEYS, TOLD_HERE)
    yield from key_findings(subject, where, old.declaration, new.declaration, OBJECT_KEYS, TOLD_HERE)


def _declared(item: Object) -> dict[str, Field]:
    return {name: field for name, field in item.fields.items() if not field.system}


def _rules(subject: str, where: str, old: ObjectDeclaration, new: ObjectDeclaration) -> Iterator[Finding]:
    before, after = ({str(rule.name): rule for rule in item.validations} for item in (old, new))
    for name, one, other in pairs(before, after):
        if other is None:
            yield Finding("added", subject, f"{where}: the rule `{name}` is gone.")
        elif one is None:
            yield Finding("breaking", subject, f"{where}: the rule `{name}` is new, and refuses what was accepted.")
        elif one != other:
            yield Finding("breaking", subject, f"{where}: the rule `{name}` says something else.")


def _unique_keys(subject: str, where: str, old: ObjectDeclaration, new: ObjectDeclaration) -> Iterator[Finding]:
    before, after = ({index.fields for index in item.indexes if index.unique} for item in (old, new))
    for fields in sorted(before ^ after):
        listed = ", ".join(f"`{name}`" for name in fields)
        told = "must be unique together now" if fields in after else "need not be unique together any more"
        yield Finding("breaking" if fields in after else "added", subject, f"{where}: {listed} {told}.")
