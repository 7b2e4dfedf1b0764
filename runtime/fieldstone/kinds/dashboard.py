"""Kind `dashboard`: figures and charts over records, each widget one query of groups that faces send as it stands."""

from typing import Annotated, Any, ClassVar, Literal

import msgspec

from fieldstone.kinds.declaration import Declared, Kind, Name
from fieldstone.kinds.view import Sort

WidgetType = Literal["metric", "bar", "line", "pie", "table"]
_ALIAS = "An alias is made of letters, digits and `_`, and does not begin with a digit."
Alias = Annotated[str, msgspec.Meta(pattern="^[A-Za-z_][A-Za-z0-9_]*$", max_length=63, description=_ALIAS)]


class Grouping(Declared, frozen=True, kw_only=True):
    """What records are grouped by; a name alone stands for a field whose values make the groups."""

    field: str
    """The field, or a path to one such as `customer.industry`."""
    date_granularity: Literal["day", "week", "month", "quarter", "year"] | None = None
    """The spans of time that make the groups, for a day or an instant."""
    alias: Alias | None = None
    """What it is called in the answer; the field's name unless given."""


class WidgetAggregation(Declared, frozen=True, kw_only=True):
    """One figure of each group."""

    function: str
    """What is computed: [a function of groups](objectql.md)."""
    field: str | None = None
    """Over the values of which field; `count` alone needs none."""
    alias: Alias
    """What it is called in the answer."""
    filter: dict[str, Any] = {}
    """Over which records, as the `where` of a query; all unless given."""


class Layout(Declared, frozen=True, kw_only=True):
    """Where a widget stands in a grid of twelve columns."""

    x: Annotated[int, msgspec.Meta(ge=0, le=11)] = 0
    """The column in which it begins."""
    y: Annotated[int, msgspec.Meta(ge=0)] = 0
    """The row in which it begins."""
    width: Annotated[int, msgspec.Meta(ge=1, le=12)] = 4
    """Over how many columns it goes."""
    height: Annotated[int, msgspec.Meta(ge=1, le=50)] = 4
    """Over how many rows it goes."""


class Widget(Declared, frozen=True, kw_only=True):
    """One figure or chart: groups of the records of an object. Whoever may not ask for all of it is not shown it."""

    elsewhere: ClassVar[dict[str, str]] = {
        "where": "Say `filter`.",
        "orderBy": "Say `sort`.",
        "function": "Say `aggregations: [{function: ..., alias: ...}]`.",
        "dataset": "Name the `object`.",
    }

    id: Name
    """By what translations find it; new within the dashboard."""
    title: str | None = None
    """What stands above it."""
    type: WidgetType
    """How it is drawn: a `metric` is one group, the others are several."""
    object: Name
    """The object whose records are counted."""
    filter: dict[str, Any] = {}
    """Which of them, as the `where` of a query; all unless given."""
    group_by: tuple[str | Grouping, ...] = ()
    """What they are grouped by."""
    aggregations: Annotated[tuple[WidgetAggregation, ...], msgspec.Meta(min_length=1)]
    """What is computed over each group."""
    sort: Sort = ()
    """The order of the groups, by the names in the answer."""
    limit: Annotated[int, msgspec.Meta(ge=1, le=1000)] | None = None
    """The most groups."""
    layout: Layout = Layout()
    """Where it stands."""


class DashboardDeclaration(Declared, frozen=True, kw_only=True):
    """Figures and charts; a dashboard of which somebody may see no widget is not there for him."""

    name: Name
    """The name, new among all dashboards; as in the file's name."""
    label: str | None = None
    """What people call it."""
    description: str | None = None
    """What it is for."""
    icon: str | None = None
    """The name of an icon."""
    widgets: Annotated[tuple[Widget, ...], msgspec.Meta(min_length=1)]
    """The widgets."""


DASHBOARD = Kind(
    name="dashboard", plural="dashboards", struct=DashboardDeclaration, summary="Figures and charts over records"
)
