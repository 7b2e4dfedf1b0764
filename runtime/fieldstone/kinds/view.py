"""Kind `view`: how faces show the records of an object: as a list, on a board, in a calendar, or one of them in a form.

A view gives no right: it is told to whoever has one on its object, without what is hidden from him.
"""

from typing import Annotated, Any, ClassVar, Literal

import msgspec

from fieldstone.kinds.declaration import Declared, Kind, Name

ViewType = Literal["list", "kanban", "calendar", "form"]


class SortKey(Declared, frozen=True, kw_only=True):
    """A field by which records are sorted."""

    field: str
    """The field, or a path to one such as `customer.name`."""
    order: Literal["asc", "desc"] = "asc"
    """The direction."""


Sort = str | tuple[SortKey, ...]


class ViewColumn(Declared, frozen=True, kw_only=True):
    """A column; its field's name alone stands for one without more to say."""

    field: Name
    """The field."""
    label: str | None = None
    """What stands above it; the field's label unless given."""
    width: Annotated[int, msgspec.Meta(ge=1, le=2000)] | None = None
    """How wide it is, in pixels."""


class ViewSection(Declared, frozen=True, kw_only=True):
    """Fields that stand together in a form."""

    name: Name | None = None
    """By what translations find it."""
    label: str | None = None
    """What stands above them."""
    fields: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    """The fields, in their order."""


class ViewDeclaration(Declared, frozen=True, kw_only=True):
    """How faces show the records of an object. `filter` and `sort` are checked as a query of the object is.

    A `list` needs `columns`, a `kanban` a `groupBy`, a `calendar` a `dateField`, and a `form` has `sections` and nothing else of these.
    """

    elsewhere: ClassVar[dict[str, str]] = {
        "objectName": "Say `object`.",
        "list": "A view is one thing: say `type: list`, and its `columns` beside it.",
        "form": "A view is one thing: say `type: form`, and its `sections` beside it.",
        "where": "Say `filter`.",
        "orderBy": "Say `sort`.",
        "fields": "Say `columns`, or `sections` for a form.",
    }

    name: Name
    """The name, new among the views of its object; as in the file's name."""
    label: str | None = None
    """What people call it."""
    description: str | None = None
    """What it is for."""
    icon: str | None = None
    """The name of an icon."""
    object: Name
    """The object whose records it shows."""
    type: ViewType = "list"
    """How it shows them."""
    columns: tuple[str | ViewColumn, ...] = ()
    """The fields of each record that are shown, in their order."""
    filter: dict[str, Any] = {}
    """Which records are shown, as the `where` of a query; all unless given."""
    sort: Sort = ()
    """In which order, as the `orderBy` of a query: `-priority,created_at`, or a list."""
    group_by: Name | None = None
    """The field by whose values records stand together: the columns of a board, the parts of a list."""
    date_field: Name | None = None
    """The day or instant on which a record stands in a calendar."""
    sections: tuple[ViewSection, ...] = ()
    """The parts of a form."""

    @property
    def key(self) -> str:
        """By what it is found among all: its name, behind that of its object."""
        return f"{self.object}.{self.name}"


VIEW = Kind(name="view", plural="views", struct=ViewDeclaration, summary="How faces show the records of an object")
