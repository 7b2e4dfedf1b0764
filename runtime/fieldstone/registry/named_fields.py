"""The places where an object names its own fields beside `fields`: indexes, what stands for a record, what faces show and search.

Refuses names that lead nowhere, and what is named twice.
"""

import re
from collections.abc import Iterator, Sequence

from fieldstone.errors import Fault
from fieldstone.kinds.fields.formula import FormulaOptions
from fieldstone.kinds.object import ObjectDeclaration
from fieldstone.query.names import did_you_mean
from fieldstone.registry.codes import Code
from fieldstone.registry.documents import Document
from fieldstone.registry.known import unknown_field
from fieldstone.registry.objects import all_options, holds_text

_PART = re.compile(r"\{\{ *(?:record\.)?([a-z_][a-z0-9_]*) *\}\}")
"""A field in a title: its name between two pairs of braces."""


def named_field_faults(document: Document, declaration: ObjectDeclaration) -> Iterator[Fault]:
    """Yields everything wrong with the fields that an object names."""
    yield from _index_faults(document, declaration)
    for key, name in (("nameField", declaration.name_field), ("stageField", declaration.stage_field)):
        yield from _list_faults(document, declaration, (key,), () if name is None else (name,))
    yield from _list_faults(document, declaration, ("highlightFields",), declaration.highlight_fields)
    yield from _list_faults(document, declaration, ("searchableFields",), declaration.searchable_fields)
    yield from _search_faults(document, declaration)
    yield from _title_faults(document, declaration)
    yield from _group_faults(document, declaration)


def title_fields(template: str) -> frozenset[str]:
    """Returns the fields that a `titleFormat` names."""
    return frozenset(_PART.findall(template))


def _list_faults(
    document: Document, declaration: ObjectDeclaration, path: tuple[str | int, ...], names: Sequence[str]
) -> Iterator[Fault]:
    if not names:
        return
    known = all_options(declaration)
    alone = len(path) == 1 and not isinstance(document.source.value.get(path[0]), list)
    for at, name in enumerate(names):
        place = document.value_at(*path) if alone else document.value_at(*path, at)
        if name not in known:
            yield unknown_field(place, name, declaration.name, known)
        elif name in names[:at]:
            yield Fault(place, Code.INDEX_REPEATED, f"`{name}` is named twice.", "Name it once.")


def _index_faults(document: Document, declaration: ObjectDeclaration) -> Iterator[Fault]:
    known = all_options(declaration)
    seen: dict[tuple[str, ...], int] = {}
    for number, index in enumerate(declaration.indexes):
        for position, name in enumerate(index.fields):
            place = document.value_at("indexes", number, "fields", position)
            if name not in known:
                yield unknown_field(place, name, declaration.name, known)
            elif isinstance(known[name], FormulaOptions):
                message = f"`{name}` is a formula: it is computed and not stored, so that there is nothing to index."
                yield Fault(place, Code.FIELD_OPTION, message, "Index the fields that it is computed from.")
            elif name in index.fields[:position]:
                yield Fault(place, Code.INDEX_REPEATED, f"`{name}` stands twice in this index.", "Name it once.")
        if index.fields in seen:
            message = f"An index over {', '.join(f'`{name}`' for name in index.fields)} is declared already."
            yield document.fault(("indexes", number), Code.INDEX_REPEATED, message, "Keep one of the two.")
        seen.setdefault(index.fields, number)


def _search_faults(document: Document, declaration: ObjectDeclaration) -> Iterator[Fault]:
    for at, name in enumerate(declaration.searchable_fields):
        options = declaration.fields.get(name)
        if name in all_options(declaration) and (options is None or not holds_text(options)):
            message = f"`{name}` cannot be searched: it holds no texts that somebody reads."
            yield document.fault(("searchableFields", at), Code.WRONG_VALUE, message, "Drop it.")


def _title_faults(document: Document, declaration: ObjectDeclaration) -> Iterator[Fault]:
    """Yields faults of the template that makes a record's title."""
    template = declaration.title_format
    if template is None:
        return
    place = document.value_at("titleFormat")
    rest = _PART.sub("", template)
    if rest == template or "{" in rest or "}" in rest:
        message = "A title is made of fields in double braces, and of text without any."
        yield Fault(place, Code.WRONG_VALUE, message, "Write `{{name}}` for a field.")
    known = all_options(declaration)
    for name in sorted(title_fields(template) - known.keys()):
        yield unknown_field(place, name, declaration.name, known)


def _group_faults(document: Document, declaration: ObjectDeclaration) -> Iterator[Fault]:
    """Yields a fault for a group that is declared twice, and for a field in a group that is not declared where groups are."""
    keys: dict[str, int] = {}
    for number, group in enumerate(declaration.field_groups):
        if keys.setdefault(group.key, number) != number:
            message = f"A group `{group.key}` is declared already."
            yield document.fault(("fieldGroups", number, "key"), Code.NAME_CLASH, message, "Rename one.")
    for name, options in declaration.fields.items():
        if keys and options.group is not None and options.group not in keys:
            place = document.value_at("fields", name, "group")
            message = f"`{declaration.name}` has no group `{options.group}`."
            yield Fault(place, Code.WRONG_VALUE, message, did_you_mean(options.group, keys))
