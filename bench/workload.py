"""The data of the benchmark: who works in it, and the work orders, the same on every run."""

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

OBJECT = "work_order"
INSPECTION = "inspection"
VISIT = "visit"
SITE = "site"
ROWS = 100_000
INSPECTIONS = 5_000
VISITS = 2_000
SITES = 200
TECHNICIANS = 5
BATCH = 5_000
STATUSES = ("open", "waiting", "closed")

_FIRST_DAY = date(2026, 1, 1)
_FIRST_INSTANT = datetime(2026, 1, 1, tzinfo=UTC)
WORDS = ("pump", "valve", "boiler", "lift", "door", "roof", "cable", "meter", "fan", "gate")


def technician_email(place: int) -> str:
    """Returns the address of a technician; places count from 0."""
    return f"technician-{place}@fieldstone.example"


def work_orders(first: int, count: int) -> Iterator[dict[str, Any]]:
    """Yields work orders in a fixed order; `first` is the place of the first one among all."""
    for place in range(first, first + count):
        yield work_order(place, STATUSES[place % len(STATUSES)])


def work_order(place: int, status: str) -> dict[str, Any]:
    """Returns the work order of a place; its values are drawn anew, but the same each time."""
    draw = random.Random(place)
    return {
        "number": f"W-{place:08d}",
        "title": f"Check the {draw.choice(WORDS)} of the {draw.choice(WORDS)} in house {draw.randrange(1000)}",
        "status": status,
        "priority": draw.randint(1, 5),
        "cost": draw.randrange(1_000_000) / 100,
        "urgent": draw.random() < 0.2,
        "due_on": (_FIRST_DAY + timedelta(days=draw.randrange(365))).isoformat(),
        "reported_at": (_FIRST_INSTANT + timedelta(seconds=draw.randrange(365 * 86_400))).isoformat(),
    }


def inspections(rows: int) -> Iterator[dict[str, Any]]:
    """Yields the inspections beside so many work orders in a fixed order, with texts of which some callers see a part."""
    for place in range(min(INSPECTIONS, rows)):
        order = work_order(place, STATUSES[place % len(STATUSES)])
        same = {name: order[name] for name in ("title", "status", "priority", "reported_at")}
        yield same | {"phone": f"+4930{place:07d}", "email": f"somebody-{place}@fieldstone.example"}


def sites() -> Iterator[dict[str, Any]]:
    """Yields the sites in a fixed order."""
    for place in range(SITES):
        yield {"title": f"House {place}", "city": f"City {place % 20}"}


def visits(orders: Sequence[str], places: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yields the visits in a fixed order, to sites and for work orders with these ids."""
    draw = random.Random(VISIT)
    for number in range(min(VISITS, len(orders))):
        yield {
            "work_order": draw.choice(orders),
            "site": places[number % len(places)],
            "minutes": draw.randrange(10, 121),
            "planned_at": (_FIRST_INSTANT + timedelta(seconds=draw.randrange(365 * 86_400))).isoformat(),
        }
