"""The history of an object as an object of its own: the same fields, and from when to when a version stood.

It has a table and answers the same filters, and is in no list of objects: nothing that is declared, asked for or told of can name it.
"""

import msgspec

from fieldstone.kinds.fields.temporal import DatetimeOptions
from fieldstone.query.ast import And, Filter, Or, Slot, Term
from fieldstone.query.ast import Literal as Constant
from fieldstone.query.storage import FieldShape, ObjectShape
from fieldstone.registry.catalog import Field, Object
from fieldstone.registry.objects import field_type_of

VALID_FROM = "valid.from"
VALID_TO = "valid.to"
"""No declared field can have these names."""

STANDING: Filter = Term(VALID_TO, "null", Constant(value=True))
"""The versions that are not over."""


def history_name(object_name: str) -> str:
    """Returns the name of an object's history, which no declared object can have."""
    return f"{object_name}.history"


def history_of(linked: Object) -> Object:
    """Returns the history of an object."""
    name = history_name(linked.name)
    fields = {
        **{key: _unsearchable(field) for key, field in linked.fields.items()},
        VALID_FROM: _instant(linked, VALID_FROM, nullable=False),
        VALID_TO: _instant(linked, VALID_TO, nullable=True),
    }
    shape = ObjectShape(name, {key: field.shape for key, field in fields.items()})
    return msgspec.structs.replace(
        linked,
        name=name,
        fields=fields,
        stored=(*linked.stored, VALID_FROM, VALID_TO),
        shape=shape,
        referenced_by=(),
        history_of=linked.name,
    )


def stood_at(slot: int) -> Filter:
    """Returns the filter of the versions that stood at the instant in a slot."""
    moment = Slot(slot)
    return And((Term(VALID_FROM, "lte", moment), Or((STANDING, Term(VALID_TO, "gt", moment)))))


def _unsearchable(field: Field) -> Field:
    return msgspec.structs.replace(field, shape=msgspec.structs.replace(field.shape, searchable=False))


def _instant(linked: Object, name: str, *, nullable: bool) -> Field:
    options = DatetimeOptions(label=name)
    kind = field_type_of(options)
    return Field(
        name=name,
        declaration=options,
        type=kind,
        shape=FieldShape(name, kind.storage(options), kind.family(options), nullable),
        reader=kind.reader(options),
        place=linked.place,
        label=name,
        system=True,
    )
