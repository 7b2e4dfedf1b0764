"""Fields: what a client that sends and reads them notices; parameters of actions are compared as fields are."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from fieldstone.registry.catalog import Field
from fieldstone.services.diff.finding import Finding, pairs, renamed
from fieldstone.services.diff.keys import FIELD_KEYS, key_findings

TOLD_HERE = ("options", "required", "defaultValue", "reference", "multiple")


def field_findings(
    subject: str, owner: str, old: Mapping[str, Field], new: Mapping[str, Field], noun: str
) -> Iterator[Finding]:
    """Yields what differs between the fields of two versions of an object, or the parameters of an action."""
    former = renamed(old, {name: field.declaration.renamed_from for name, field in new.items()})
    for name, before, after in pairs(old, new):
        where = f"`{owner}.{name}`"
        if before is None and after is not None:
            yield from _added(subject, where, after, noun, former.get(name))
        elif before is not None and after is None:
            if name not in former.values():
                yield Finding("breaking", subject, f"{where}: the {noun} is gone.")
        elif before is not None and after is not None:
            yield from _changed(subject, where, before, after)


def _added(subject: str, where: str, field: Field, noun: str, former: str | None) -> Iterator[Finding]:
    if former is not None:
        yield Finding("breaking", subject, f"{where}: the {noun} was called `{former}`.")
    elif _demanded(field):
        yield Finding("breaking", subject, f"{where}: the {noun} is new, and must be given.")
    else:
        yield Finding("added", subject, f"{where}: the {noun} is new.")


def _changed(subject: str, where: str, old: Field, new: Field) -> Iterator[Finding]:
    if old.type.name != new.type.name:
        yield Finding("breaking", subject, f"{where}: the type was `{old.type.name}`, is `{new.type.name}`.")
        return
    if _demanded(new) and not _demanded(old):
        yield Finding("breaking", subject, f"{where}: a value must be given now.")
    elif _demanded(old) and not _demanded(new):
        yield Finding("added", subject, f"{where}: a value need not be given any more.")
    elif new.declaration.default_value != old.declaration.default_value:
        yield Finding("changed", subject, f"{where}: the default is another one.")
    if old.required and not new.required:
        yield Finding("added", subject, f"{where}: may have no value now.")
    elif new.required and not old.required and not _demanded(new):
        yield Finding("breaking", subject, f"{where}: the value cannot be taken away any more.")
    if old.reference != new.reference:
        yield Finding("breaking", subject, f"{where}: referred to `{old.reference}`, refers to `{new.reference}`.")
    if old.multiple != new.multiple:
        is_list = "is a list now" if new.multiple else "is no list any more"
        yield Finding("breaking", subject, f"{where}: {is_list}.")
    yield from _option_findings(subject, where, old, new)
    yield from key_findings(subject, where, old.declaration, new.declaration, FIELD_KEYS, TOLD_HERE)


def _demanded(field: Field) -> bool:
    """Tells whether whoever makes a record must say what the field holds."""
    computed = field.type.computed or field.declaration.readonly
    return field.required and field.declaration.default_value is msgspec.UNSET and not computed


def _option_findings(subject: str, where: str, old: Field, new: Field) -> Iterator[Finding]:
    before, after = _options(old), _options(new)
    for value, one, other in pairs(before, after):
        if other is None and one is not None:
            yield Finding("breaking", subject, f"{where}: the option `{value}` is gone.")
        elif one is None:
            yield Finding("added", subject, f"{where}: the option `{value}` is new.")


def _options(field: Field) -> dict[str, Any]:
    return {option.value: option for option in getattr(field.declaration, "options", ())}
