"""Field types whose values are chosen out of declared options."""

from typing import Annotated, Any

import msgspec

from fieldstone.kinds.declaration import Declared
from fieldstone.kinds.fields.field_type import FieldOptions, FieldType, Reader, Rejected, subject
from fieldstone.kinds.fields.members import Count, check_count, check_counts, list_schema
from fieldstone.query.cel.types import STRING, list_of, optional
from fieldstone.query.storage import Storage, StorageClass


class Option(Declared, frozen=True):
    """One value that may be chosen; one marked `default` is taken when a new record says nothing."""

    value: Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
    """What is stored and sent."""
    label: str | None = None
    """What people see."""
    color: str | None = None
    """A colour, for faces that show one."""
    default: bool = False
    """Taken when a new record says nothing."""


class SelectOptions(FieldOptions, frozen=True, kw_only=True, tag="select"):
    """One of the options, by its value; the option marked `default` stands for a `defaultValue`."""

    options: Annotated[tuple[Option, ...], msgspec.Meta(min_length=1)]
    """The values that may be chosen."""

    def __post_init__(self) -> None:
        """Makes the marked option the default value, unless one is written out."""
        marked = [option.value for option in self.options if option.default]
        if self.default_value is msgspec.UNSET and marked:
            msgspec.structs.force_setattr(self, "default_value", self.default_of(marked))

    def default_of(self, marked: list[str]) -> Any:
        """Returns the default value that marked options make."""
        return marked[0]


class RadioOptions(SelectOptions, frozen=True, kw_only=True, tag="radio"):
    """One of the options, all of them shown."""


class MultiselectOptions(SelectOptions, frozen=True, kw_only=True, tag="multiselect"):
    """Any number of the options, each once, in the order sent."""

    min_items: Count | None = None
    """The fewest of them, where there are any."""
    max_items: Count | None = None
    """The most of them."""

    def default_of(self, marked: list[str]) -> Any:
        """Returns all marked options."""
        return marked


class CheckboxesOptions(MultiselectOptions, frozen=True, kw_only=True, tag="checkboxes"):
    """Any number of the options, all of them shown."""


def _read_one(declaration: SelectOptions) -> Reader:
    values = frozenset(option.value for option in declaration.options)

    def read(value: Any) -> str:
        if type(value) is not str:
            raise Rejected("invalid_type", f"{subject(declaration)} is the value of an option, a text")
        if not value and declaration.required:
            raise Rejected("required", f"{subject(declaration)} is required")
        if value not in values:
            raise _no_option(declaration)
        return value

    return read


def _read_many(declaration: MultiselectOptions) -> Reader:
    values = frozenset(option.value for option in declaration.options)

    def read(value: Any) -> list[str]:
        if type(value) is not list or not all(type(item) is str for item in value):
            raise Rejected("invalid_type", f"{subject(declaration)} is a list of values of options")
        if not value and declaration.required:
            raise Rejected("required", f"{subject(declaration)} is required")
        if not values.issuperset(value):
            raise _no_option(declaration)
        if len(set(value)) != len(value):
            raise Rejected("invalid_value", f"{subject(declaration)} holds an option twice")
        check_count(declaration, len(value), declaration.min_items, declaration.max_items)
        return value

    return read


def _no_option(declaration: SelectOptions) -> Rejected:
    values = [option.value for option in declaration.options]
    return Rejected("invalid_option", f"{subject(declaration)} is one of {', '.join(map(_quoted, values))}", values)


def _quoted(value: str) -> str:
    return f"`{value}`"


def _enumeration(declaration: SelectOptions) -> dict[str, Any]:
    return {"type": "string", "enum": [option.value for option in declaration.options]}


def _check(declaration: SelectOptions) -> list[tuple[str, str]]:
    values = [option.value for option in declaration.options]
    faults = [
        ("options", f"the option `{value}` stands twice") for value in dict.fromkeys(values) if values.count(value) > 1
    ]
    marked = [option.value for option in declaration.options if option.default]
    if len(marked) > 1 and not isinstance(declaration, MultiselectOptions):
        faults.append(("options", f"{' and '.join(map(_quoted, marked))} are both marked as the default"))
    elif marked and declaration.default_value != declaration.default_of(marked):
        faults.append(("defaultValue", "defaultValue differs from the option that is marked as the default"))
    return faults


def _select_type(name: str, declaration: type[SelectOptions], summary: str) -> FieldType:
    return FieldType(
        name=name,
        declaration=declaration,
        summary=summary,
        storage=lambda _declaration: Storage(StorageClass.TEXT),
        comparison="text",
        reader=_read_one,
        schema=_enumeration,
        expression_type=lambda _declaration: optional(STRING),
        check=_check,
    )


def _multiselect_type(name: str, declaration: type[MultiselectOptions], summary: str) -> FieldType:
    return FieldType(
        name=name,
        declaration=declaration,
        summary=summary,
        storage=lambda _declaration: Storage(StorageClass.JSON),
        comparison="list",
        reader=_read_many,
        schema=lambda declared: list_schema(_enumeration(declared), declared.min_items, declared.max_items),
        expression_type=lambda _declaration: optional(list_of(STRING)),
        check=lambda declared: [*_check(declared), *check_counts(declared)],
    )


TYPES = (
    _select_type("select", SelectOptions, "One of the declared options"),
    _select_type("radio", RadioOptions, "One of the declared options, all of them shown"),
    _multiselect_type("multiselect", MultiselectOptions, "Any number of the declared options"),
    _multiselect_type("checkboxes", CheckboxesOptions, "Any number of the declared options, all of them shown"),
)
