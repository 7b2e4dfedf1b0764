"""The values that the floor's endpoint and its databases pass to each other: as typed as one would write them by hand."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal, Protocol

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


class NewWorkOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of a create."""

    number: Annotated[str, msgspec.Meta(min_length=1, max_length=20)]
    title: Annotated[str, msgspec.Meta(min_length=1, max_length=120)]
    status: Literal["new", "open", "waiting", "closed"] = "new"
    priority: Annotated[int, msgspec.Meta(ge=1, le=5)] | None = None
    cost: Decimal | None = None
    urgent: bool = False
    due_on: date | None = None
    reported_at: datetime | None = None


class AtLeast(msgspec.Struct, frozen=True, rename={"bound": "$gte"}, forbid_unknown_fields=True):
    """The comparison that the lists use."""

    bound: int


class Where(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The filter that the lists use."""

    status: str
    priority: AtLeast


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


class Database(Protocol):
    """The statements of the floor; each database has its own module."""

    async def session(self, token_hash: str) -> tuple[str, str, str, bool] | None:
        """Returns user, organisation, end and whether the technician's rule applies."""

    async def get(self, organization_id: str, record_id: str) -> WorkOrder | None:
        """Returns one record."""

    async def search(self, session: Session, words: list[str], limit: int) -> list[Hit]:
        """Returns the records with all of these words in their titles, the best first."""

    async def list(self, session: Session, where: Where, limit: int) -> list[WorkOrder]:
        """Returns the newest records of a status and a priority."""

    async def count(self, session: Session, where: Where) -> int:
        """Returns how many records there are of a status and a priority."""

    async def create(self, record: WorkOrder) -> None:
        """Stores one record."""
