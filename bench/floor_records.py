"""The values that the floor's endpoint and its databases pass to each other: as typed as one would write them by hand."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, Protocol

import msgspec

RANKED = 1000
MOST_POINTS = 6
RULE_BOUND = 4
"""The technician's rule: no work order of a higher priority."""


class WorkOrder(msgspec.Struct, frozen=True, gc=False):
    """A record on the wire, its fields in the order of the server's answers."""

    id: str
    organization_id: str
    owner_id: str
    created_at: str
    updated_at: str
    created_by: str | None
    updated_by: str | None
    version: int
    number: str
    title: str
    status: str | None
    priority: int | None
    cost: Decimal | None
    urgent: bool | None
    due_on: str | None
    reported_at: str | None


class Site(msgspec.Struct, frozen=True, gc=False):
    """Where work is done."""

    id: str
    organization_id: str
    owner_id: str
    created_at: str
    updated_at: str
    created_by: str | None
    updated_by: str | None
    version: int
    title: str
    city: str | None


class Visit(msgspec.Struct, frozen=True, gc=False):
    """A visit with the records that it refers to."""

    id: str
    organization_id: str
    owner_id: str
    created_at: str
    updated_at: str
    created_by: str | None
    updated_by: str | None
    version: int
    work_order: WorkOrder
    site: Site
    minutes: int | None
    planned_at: str | None


class Group(msgspec.Struct, frozen=True, gc=False):
    """The work orders of a status: how many, what they cost together, and the highest priority of them."""

    status: str | None
    orders: int
    cost: Decimal | None
    priority: int | None


Title = Annotated[str, msgspec.Meta(min_length=1, max_length=120)]


class NewWorkOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of a create; a closed one says when it was reported."""

    number: Annotated[str, msgspec.Meta(min_length=1, max_length=20)]
    title: Title
    status: Literal["new", "open", "waiting", "closed"] = "new"
    priority: Annotated[int, msgspec.Meta(ge=1, le=5)] | None = None
    cost: Decimal | None = None
    urgent: bool = False
    due_on: date | None = None
    reported_at: datetime | None = None

    def __post_init__(self) -> None:
        """Refuses what contradicts itself."""
        if self.status == "closed" and self.reported_at is None:
            raise ValueError("A work order that is closed says when it was reported.")


class Change(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of the one kind of change that is asked for."""

    title: Title
    cost: Decimal


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A record of a batch."""

    data: NewWorkOrder


class Batch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of a batch that makes records, all or none."""

    operation: Literal["create"]
    records: list[Row]
    options: dict[str, bool]


class AtLeast(msgspec.Struct, frozen=True, rename={"bound": "$gte"}, forbid_unknown_fields=True):
    """The comparison that the lists use."""

    bound: int


class Where(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The filter that the lists use."""

    status: str
    priority: AtLeast


class Urgent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The filter that groups use."""

    priority: AtLeast


class Long(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The filter that lists of visits use."""

    minutes: AtLeast


class Groups(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """The body of a query for groups, of which all but the filter is always the same."""

    where: Urgent
    group_by: list[str]
    aggregations: list[dict[str, Any]]


class Place(msgspec.Struct, frozen=True, gc=False):
    """Behind which record a page begins: its id, and the value that it is sorted by."""

    id: str
    after: tuple[str | None]


class Hit(msgspec.Struct, frozen=True, gc=False):
    """A work order that a search finds."""

    object: str
    id: str
    title: str
    snippet: str | None
    score: float
    record: WorkOrder


class Session(msgspec.Struct, frozen=True):
    """Who asks: found once in the sessions table, then kept."""

    user_id: str
    organization_id: str
    expires_at: str
    technician: bool


def hit_of(record: WorkOrder, points: int, words: list[str]) -> Hit:
    """Returns a record that a search finds, with its score."""
    score = round(points / (MOST_POINTS * len(words)), 3)
    return Hit("work_order", record.id, record.title, None, score, record)


def visit_of(row: tuple[Any, ...], order: WorkOrder, site: Site) -> Visit:
    """Returns a visit of its own columns and of what it refers to."""
    values = (*row[:8], order, site, *row[8:])
    return Visit(*values)


class Database(Protocol):
    """The statements of the floor; each database has its own module."""

    async def session(self, token_hash: str) -> tuple[str, str, str, bool] | None:
        """Returns user, organisation, end and whether the technician's rule applies."""

    async def get(self, organization_id: str, record_id: str) -> WorkOrder | None:
        """Returns one record."""

    async def search(self, session: Session, words: list[str], limit: int) -> list[Hit]:
        """Returns the records with all of these words in their titles, the best first."""

    async def newest(self, session: Session, where: Where, limit: int) -> list[WorkOrder]:
        """Returns the newest records of a status and a priority."""

    async def count(self, session: Session, where: Where) -> int:
        """Returns how many records there are of a status and a priority."""

    async def page(self, session: Session, after: Place | None, offset: int, limit: int) -> list[WorkOrder]:
        """Returns records by their numbers, the last first, from behind a place or an offset on."""

    async def visits(self, session: Session, where: Long, limit: int) -> list[Visit]:
        """Returns the last visits that take so long, with what they refer to."""

    async def groups(self, session: Session, where: Urgent) -> list[Group]:
        """Returns what is to be known of each status."""

    async def create(self, records: list[WorkOrder]) -> None:
        """Stores records, all or none, each with its words for searching and its event for the outbox: the same rows as the server's."""

    async def update(
        self, session: Session, record_id: str, version: int | None, change: Change, now: str
    ) -> WorkOrder | None:
        """Changes a record, of this version where one is given, with its words and an event; returns it as it is then."""
