"""The field type that keeps a figure over the records that refer to a record: how many there are, their sum, mean, least, greatest.

What it holds depends on what it is computed from, which is a field of another object: linking finds that out and puts the options that
its values are like beside the declared ones (`LinkedSummaryOptions`). Until then it passes for a number.
"""

from collections.abc import Callable
from typing import Annotated, Any, Literal

import msgspec

from fieldstone.kinds.declaration import Declared
from fieldstone.kinds.fields import currency, number, temporal
from fieldstone.kinds.fields.field_type import FieldOptions, FieldType, check_computed
from fieldstone.kinds.fields.number import Scale
from fieldstone.kinds.fields.reference import ObjectName

FieldName = Annotated[str, msgspec.Meta(pattern="^[a-z_][a-z0-9_]*$", max_length=63)]
SummaryFunction = Literal["count", "sum", "avg", "min", "max"]

_ALIKE: dict[type[FieldOptions], FieldType] = {
    field_type.declaration: field_type for family in (currency, number, temporal) for field_type in family.TYPES
}


class SummaryOperations(Declared, frozen=True, kw_only=True):
    """What is computed over which records."""

    object: ObjectName
    """The object whose records are counted: it has a reference to this one."""
    function: SummaryFunction
    """`count`, or over the values of `field`: `sum`, `avg`, `min`, `max`."""
    field: FieldName | None = None
    """The field of those records that is computed over; a `count` of one counts the records with a value in it."""
    relationship_field: FieldName | None = None
    """Their reference to this object; to be said where they have several."""
    filter: Any = msgspec.UNSET
    """A condition, as in a `where`: only records that satisfy it take part."""


class SummaryOptions(FieldOptions, frozen=True, kw_only=True, tag="summary"):
    """A figure over the records that refer to this one, kept current with every write to them.

    Over no records a `count` and a `sum` are 0, the others null. It raises neither `version` nor `updated_at`, and makes no event and no
    version of its own; `history` lists its changes only if it says `trackHistory: true`.
    """

    summary_operations: SummaryOperations
    """What is computed over which records."""
    scale: Scale | msgspec.UnsetType = msgspec.UNSET
    """How many digits an `avg` has after the point, half a last digit rounded away from zero; 6 unless said."""
    discloses: tuple[str, ...] = ()
    """`child.field` for each field of those records of which this tells people who may not see them."""


class LinkedSummaryOptions(SummaryOptions, frozen=True, kw_only=True, tag="summary"):
    """A summary whose object and field are known: its values are like those of a field declared as `like`.

    `inputs` are the fields of the other object that its declaration names, the reference among them.
    """

    like: FieldOptions
    inputs: tuple[str, ...]


def alike(declaration: SummaryOptions) -> FieldOptions:
    """Returns the options of a field with such values."""
    if isinstance(declaration, LinkedSummaryOptions):
        return declaration.like
    return number.NumberOptions(label=declaration.label)


def _as_alike(part: str) -> Callable[[SummaryOptions], Any]:
    """Returns a function of the field type that the values are like, as a function of the summary."""

    def ask(declaration: SummaryOptions) -> Any:
        like = alike(declaration)
        return getattr(_ALIKE[type(like)], part)(like)

    return ask


def _check(declaration: SummaryOptions) -> list[tuple[str, str]]:
    operations = declaration.summary_operations
    faults = check_computed(declaration)
    if operations.function != "count" and operations.field is None:
        faults.append(("summaryOperations", f"`{operations.function}` is computed over a field: say `field`"))
    if declaration.scale is not msgspec.UNSET and operations.function != "avg":
        faults.append(
            ("scale", f"a `{operations.function}` has the scale of its field; only an `avg` has one of its own")
        )
    return faults


TYPES = (
    FieldType(
        name="summary",
        declaration=SummaryOptions,
        summary="A figure over the records that refer to this one",
        storage=_as_alike("storage"),
        comparison="number",
        family_of=_as_alike("family"),
        reader=_as_alike("reader"),
        schema=_as_alike("schema"),
        expression_type=_as_alike("expression_type"),
        check=_check,
        computed=True,
    ),
)
