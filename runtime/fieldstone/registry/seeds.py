"""Seeds: their object and fields are there, and every value is one that its field takes."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from fieldstone.errors import Fault
from fieldstone.kinds.fields.field_type import Rejected
from fieldstone.kinds.seed import SeedDeclaration
from fieldstone.registry.catalog import Field, Object
from fieldstone.registry.codes import Code
from fieldstone.registry.documents import Document
from fieldstone.registry.known import Known, unknown_field
from fieldstone.registry.mismatch import COMMA_HINT


def seed_faults(document: Document, objects: Known[Object]) -> Iterator[Fault]:
    """Yields everything wrong with a seed; whether a reference finds its record is known when it is loaded."""
    declared: Any = document.declared
    seed: SeedDeclaration = declared
    subject = objects.get(seed.object)
    if subject is None:
        yield from objects.missing(document.value_at("object"), seed.object)
        return
    writable = [name for name, field in subject.fields.items() if not field.system or name == "owner_id"]
    for name in seed.key:
        if name not in writable:
            yield unknown_field(document.value_at("externalId"), name, seed.object, writable)
    seen: dict[Any, int] = {}
    for number, record in enumerate(seed.records):
        for name, value in record.items():
            if name not in writable:
                fault = unknown_field(document.key_at("records", number, name), name, seed.object, writable)
                broken_off = value is None and fault.hint is None
                yield msgspec.structs.replace(fault, hint=COMMA_HINT) if broken_off else fault
            elif value is not None:
                yield from _value_fault(document, number, subject.fields[name], value)
        if set(seed.key) <= set(writable):
            yield from _identity_faults(document, seed.key, number, record, seen)


def _value_fault(document: Document, number: int, field: Field, value: Any) -> Iterator[Fault]:
    path = ("records", number, field.name)
    if field.reference is not None:
        if isinstance(value, dict | list | bool):
            yield document.fault(
                path, Code.SEED_RECORD, f"{field.label} is the external id of a record of `{field.reference}`."
            )
        return
    try:
        field.reader(value)
    except Rejected as rejected:
        hint = "Quote it if it is text." if rejected.code == "invalid_type" and not isinstance(value, str) else None
        yield document.fault(path, Code.SEED_RECORD, f"{rejected.message}.", hint)


def _identity_faults(
    document: Document, key: tuple[str, ...], number: int, record: Mapping[str, Any], seen: dict[Any, int]
) -> Iterator[Fault]:
    for name in key:
        value = record.get(name)
        if value is None:
            message = f"This record has no `{name}`, by which it would be found again."
            yield document.fault(("records", number), Code.SEED_RECORD, message, f"Add `{name}: ...`.")
            return
        if isinstance(value, dict | list):
            message = f"`{name}` cannot identify a record by such a value."
            yield document.fault(("records", number, name), Code.SEED_RECORD, message)
            return
    values = tuple(record[name] for name in key)
    if values in seen:
        same = " and ".join(f"`{name}`" for name in key)
        message = f"{same} is the same as in record {seen[values] + 1}."
        yield document.fault(("records", number, key[-1]), Code.SEED_RECORD, message, "Give each record its own.")
    seen.setdefault(values, number)
