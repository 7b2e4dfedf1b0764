"""What fields let people choose: which records a reference may point to, and when an option is shown.

Done when all objects are linked, for a reference names the fields of another. The conditions of a reference become one Filter, which
every write of it asks; what only faces read is checked for its names. Refuses names that lead nowhere, and conditions that cannot be
asked.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import msgspec

from fieldstone.errors import Fault, Invalid, Place
from fieldstone.kinds.fields.choice import ChoiceOptions
from fieldstone.kinds.fields.reference import LookupFilter, ReferenceOptions
from fieldstone.query.ast import Filter, conjunction
from fieldstone.query.cel.expression import compile_expression
from fieldstone.query.cel.fault import ExpressionError
from fieldstone.query.cel.types import BOOL
from fieldstone.query.stand_ins import is_token
from fieldstone.query.storage import ObjectShape
from fieldstone.query.where import Conditions
from fieldstone.registry.catalog import Choice, Field, Object
from fieldstone.registry.codes import Code
from fieldstone.registry.declared_query import shape_in_sight
from fieldstone.registry.documents import Document
from fieldstone.registry.expressions import expression_faults
from fieldstone.registry.known import Known, unknown_field
from fieldstone.registry.memory import Memory
from fieldstone.registry.objects import object_declaration
from fieldstone.registry.rules import scope_of
from fieldstone.settings import Limits

_IDS = None
"""What stands at slot 0 of the statement that looks a reference up: the ids."""


def link_choices(
    documents: Mapping[str, Document], objects: Known[Object], memory: Memory
) -> tuple[Known[Object], list[Fault]]:
    """Returns the objects whose references know what they may point to, and everything wrong with what is chosen from."""
    faults: list[Fault] = []
    linked: dict[str, Object] = {}
    for name, subject in objects.by_name.items():
        given = (documents[name], subject)
        linked[name], wrong = memory.recall("choices", name, partial(_link, *given), given, objects)
        faults += wrong
    return Known(linked, objects.broken), faults


def _link(document: Document, subject: Object, objects: Known[Object]) -> tuple[Object, list[Fault]]:
    chosen: dict[str, Choice] = {}
    faults: list[Fault] = []
    for field in _declared(document):
        options = subject.fields[field].declaration
        if isinstance(options, ReferenceOptions):
            choice, wrong = _reference(document, subject, field, options, objects)
            faults += wrong
            chosen |= {field: choice} if choice is not None else {}
        elif isinstance(options, ChoiceOptions):
            faults += _option_faults(document, subject, field, options)
    return _with_choices(subject, chosen) if chosen else subject, faults


def _declared(document: Document) -> Iterator[str]:
    yield from object_declaration(document).fields


def _with_choices(subject: Object, chosen: Mapping[str, Choice]) -> Object:
    fields: dict[str, Field] = dict(subject.fields)
    for name, choice in chosen.items():
        fields[name] = msgspec.structs.replace(fields[name], choice=choice)
    return msgspec.structs.replace(subject, fields=fields)


def _reference(
    document: Document, subject: Object, name: str, options: ReferenceOptions, objects: Known[Object]
) -> tuple[Choice | None, list[Fault]]:
    """Returns which records a reference may point to, None for all that are there, and what is wrong with its options."""
    path = ("fields", name)
    faults = [
        unknown_field(document.value_at(*path, "dependsOn", place), other, subject.name, subject.fields.keys() - {name})
        for place, other in enumerate(options.depends_on)
        if other == name or other not in subject.fields
    ]
    target = objects.get(str(getattr(options, "reference", "")))
    if target is None:
        return None, faults
    shape = shape_in_sight(target)
    faults += [
        unknown_field(place, other, target.name, shape.fields)
        for other, place in _presented(document, path, options)
        if other not in shape.fields
    ]
    choice, wrong = _choice(document, path, options.lookup_filters, shape)
    return choice, [*faults, *wrong]


def _presented(document: Document, path: tuple[str, str], options: ReferenceOptions) -> Iterator[tuple[str, Place]]:
    """Yields the fields of the other object that faces are told of, each with its place."""
    for key, name in (("displayField", options.display_field), ("descriptionField", options.description_field)):
        if name is not None:
            yield name, document.value_at(*path, key)
    for number, name in enumerate(options.lookup_columns):
        yield name, document.value_at(*path, "lookupColumns", number)


def _choice(
    document: Document, path: tuple[str, str], filters: tuple[LookupFilter, ...], shape: ObjectShape
) -> tuple[Choice | None, list[Fault]]:
    values: list[Any] = [_IDS]
    conditions = Conditions(shape, Limits(), values)
    found: list[Filter] = []
    faults: list[Fault] = []
    for number, item in enumerate(filters):
        at = (*path, "lookupFilters", number)
        if item.field not in shape.fields:
            faults.append(unknown_field(document.value_at(*at, "field"), item.field, shape.name, shape.fields))
            continue
        try:
            found.append(conditions.tree({item.field: {_spelled(item): _constant(item.value)}}))
        except Invalid as error:
            faults.append(document.fault((*at, "value"), Code.FIELD_OPTION, error.message, error.details.get("hint")))
    if faults or not found:
        return None, faults
    return Choice(conjunction(*found), tuple(values[1:])), []


def _spelled(item: LookupFilter) -> str:
    return "$nin" if item.operator == "notIn" else f"${item.operator}"


def _constant(value: Any) -> Any:
    """Returns a value that means the same at every write; raises Invalid for one that stands for another."""
    for member in value if isinstance(value, list) else [value]:
        if isinstance(member, dict | list) or (isinstance(member, str) and is_token(member)):
            raise Invalid(
                "A filter compares with values that stand for themselves.", hint="Such as `open` or `[1, 2]`."
            )
    return value


def _option_faults(document: Document, subject: Object, name: str, options: ChoiceOptions) -> list[Fault]:
    """Returns what is wrong with the conditions under which options are shown."""
    faults: list[Fault] = []
    for number, option in enumerate(options.options):
        if option.visible_when is None:
            continue
        try:
            compile_expression(option.visible_when, scope_of(subject).environment, BOOL)
        except ExpressionError as error:
            at = ("fields", name, "options", number, "visibleWhen")
            faults += expression_faults(document, at, option.visible_when, error)
    return faults
