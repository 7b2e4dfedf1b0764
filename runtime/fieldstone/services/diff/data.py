"""Data: stored values that a newer version can no longer reach, or that a migration to it has to convert.

`fieldstone migrate` tells how many records each of these is about, and does nothing of it unasked.
"""

from collections.abc import Iterator

from fieldstone.query.storage import Storage, StorageClass
from fieldstone.registry.catalog import Catalog, Field, Object
from fieldstone.registry.layout import PLATFORM
from fieldstone.services.diff.finding import Finding, renamed

LOSSLESS = frozenset(
    {
        (StorageClass.INTEGER, StorageClass.DECIMAL),
        (StorageClass.DAY, StorageClass.INSTANT),
        *((each, StorageClass.TEXT) for each in StorageClass if each != StorageClass.BYTES),
    }
)
"""Conversions in which every value stays what it was."""


def data_findings(old: Catalog, new: Catalog) -> Iterator[Finding]:
    """Yields what is lost of the records of packages."""
    former = renamed(old.objects, {name: item.declaration.renamed_from for name, item in new.objects.items()})
    names = {old_name: name for name, old_name in former.items()}
    for name, before in old.objects.items():
        after = new.objects.get(names.get(name, name))
        if before.package == PLATFORM:
            continue
        if after is None:
            yield Finding("lost", f"object {name}", f"`{name}`: no record can be reached any more.")
        else:
            yield from _values(before, after)


def _values(old: Object, new: Object) -> Iterator[Finding]:
    subject = f"object {new.name}"
    former = renamed(old.fields, {name: field.declaration.renamed_from for name, field in new.fields.items()})
    names = {old_name: name for name, old_name in former.items()}
    for name in (name for name in old.stored if not old.fields[name].system):
        before, after = old.fields[name], new.fields.get(names.get(name, name))
        where = f"`{old.name}.{name}`"
        if after is None:
            yield Finding("lost", subject, f"{where}: what it holds can no longer be reached.")
        elif _is_lossy(before, after):
            told = "a value that does not fit any more is lost when it is converted"
            yield Finding("lost", subject, f"{where}: {told}.")
        elif before.reference != after.reference and before.reference is not None:
            told = f"an id of `{before.reference}` is cleared where it is none of `{after.reference}`"
            yield Finding("lost", subject, f"{where}: {told}.")
        elif _gone(before, after):
            listed = ", ".join(f"`{value}`" for value in _gone(before, after))
            yield Finding("lost", subject, f"{where}: records may hold {listed}, which is no option any more.")


def _is_lossy(old: Field, new: Field) -> bool:
    before, after = old.shape.storage, new.shape.storage
    if old.multiple != new.multiple or after.kind == StorageClass.NONE:
        return True
    if before.kind != after.kind:
        return (before.kind, after.kind) not in LOSSLESS
    return _digits(after) < _digits(before) or after.scale < before.scale


def _digits(storage: Storage) -> int:
    return storage.precision - storage.scale


def _gone(old: Field, new: Field) -> list[str]:
    """Returns the options that there were and are no longer."""
    there = {option.value for option in getattr(new.declaration, "options", ())}
    return [option.value for option in getattr(old.declaration, "options", ()) if there and option.value not in there]
