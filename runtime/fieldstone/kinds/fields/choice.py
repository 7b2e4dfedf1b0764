"""Field types whose values are chosen out of declared options."""

from typing import Annotated, Any, ClassVar

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
    visible_when: str | None = None
    """An expression over the record, as `record`: faces offer the option where it is true; told by `/meta`, and no write asks it."""


class ChoiceOptions(FieldOptions, frozen=True, kw_only=True):
    """What all choices know; those marked `default` stand for a `defaultValue`."""

    options: Annotated[tuple[Option, ...], msgspec.Meta(min_length=1)]
    """The values that may be chosen."""

    def __post_init__(self) -> None:
        """Makes the marked option the default value, unless one is written out."""
        marked = [option.value for option in self.options if option.default]
        if self.default_value is msgspec.UNSET and marked:
            msgspec.structs.force_setattr(self, "default_value", default_of(self, marked))


class SelectOptions(ChoiceOptions, frozen=True, kw_only=True, tag="select"):
    """One of the options, by its value, or several; the option marked `default` stands for a `defaultValue`."""

    multiple: bool = False
    """A list of options, each once, in the order sent."""
    min_items: Count | None = None
    """The fewest of them, where there are any; of a `multiple` one alone."""
    max_items: Count | None = None
    """The most of them; of a `multiple` one alone."""


class RadioOptions(SelectOptions, frozen=True, kw_only=True, tag="radio"):
    """One of the options, all of them shown, or several."""


class MultiselectOptions(ChoiceOptions, frozen=True, kw_only=True, tag="multiselect"):
    """Any number of the options, each once, in the order sent; those marked `default` stand for a `defaultValue`."""

    multiple: ClassVar[bool] = True
    min_items: Count | None = None
    """The fewest of them, where there are any."""
    max_items: Count | None = None
    """The most of them."""


class CheckboxesOptions(MultiselectOptions, frozen=True, kw_only=True, tag="checkboxes"):
    """Any number of the options, all of them shown."""


Choice = SelectOptions | MultiselectOptions


def default_of(declaration: Any, marked: list[str]) -> Any:
    """Returns the default value that marked options make: all of them where several may be chosen."""
    return marked if declaration.multiple else marked[0]


def _reader(declaration: Choice) -> Reader:
    return _read_many(declaration) if declaration.multiple else _read_one(declaration)


def _read_one(declaration: Choice) -> Reader:
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


def _read_many(declaration: Choice) -> Reader:
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


def _no_option(declaration: Choice) -> Rejected:
    values = [option.value for option in declaration.options]
    return Rejected("invalid_option", f"{subject(declaration)} is one of {', '.join(map(_quoted, values))}", values)


def _quoted(value: str) -> str:
    return f"`{value}`"


def _schema(declaration: Choice) -> dict[str, Any]:
    one = {"type": "string", "enum": [option.value for option in declaration.options]}
    return list_schema(one, declaration.min_items, declaration.max_items) if declaration.multiple else one


def _check(declaration: Choice) -> list[tuple[str, str]]:
    values = [option.value for option in declaration.options]
    faults = [
        ("options", f"the option `{value}` stands twice") for value in dict.fromkeys(values) if values.count(value) > 1
    ]
    marked = [option.value for option in declaration.options if option.default]
    if len(marked) > 1 and not declaration.multiple:
        faults.append(("options", f"{' and '.join(map(_quoted, marked))} are both marked as the default"))
    elif marked and declaration.default_value != default_of(declaration, marked):
        faults.append(("defaultValue", "defaultValue differs from the option that is marked as the default"))
    return [*faults, *check_counts(declaration)]


def _choice_type(declaration: type[Choice], summary: str) -> FieldType:
    return FieldType(
        name=str(declaration.__struct_config__.tag),
        declaration=declaration,
        summary=summary,
        storage=lambda declared: Storage(StorageClass.JSON if declared.multiple else StorageClass.TEXT),
        comparison="text",
        reader=_reader,
        schema=_schema,
        expression_type=lambda declared: optional(list_of(STRING) if declared.multiple else STRING),
        check=_check,
    )


TYPES = (
    _choice_type(SelectOptions, "One of the declared options, or several"),
    _choice_type(RadioOptions, "One of the declared options, or several, all of them shown"),
    _choice_type(MultiselectOptions, "Any number of the declared options"),
    _choice_type(CheckboxesOptions, "Any number of the declared options, all of them shown"),
)
