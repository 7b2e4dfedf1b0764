"""Records with gaps, and documents that ask for groups of them, made at random from a seed."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from random import Random
from typing import Any

import msgspec

from fieldstone.query.buckets import BUCKETS, DATED
from fieldstone.query.measures import MEASURES
from fieldstone.query.operators import ORDERED

ZONES = ("America/New_York", "Asia/Kolkata", "Pacific/Kiritimati", "Europe/Dublin", "Etc/GMT+5", "Africa/Casablanca")
STAGES = ("", "Won", "lost", "won", "x, y", "ä", "Ω", "😀")
NUMBERS = (0, 1, 2, 5, -3, Decimal("10.5"), Decimal("-0.01"), Decimal("1.333333"), 2**64, -(2**70), Decimal("0.005"))


class Kind(msgspec.Struct, frozen=True):
    """A field that documents name, perhaps at the end of a path: its family, and a value for it."""

    name: str
    family: str
    value: Callable[[Random], Any]


def amount(random: Random) -> Decimal:
    """Returns an amount of money, now and then of all its digits."""
    most = 10**18 - 1 if random.random() < 0.2 else 2_000
    return Decimal(random.randint(-most, most)).scaleb(-2)


def whole(random: Random) -> int:
    """Returns a whole number, now and then at the end of 64 bits."""
    return random.choice((2**63 - 1, -(2**63))) if random.random() < 0.2 else random.randint(-4, 4)


def day(random: Random) -> str:
    """Returns a day, often at the turn of a year or of the calendar."""
    edge = random.choice(("0001-01-01", "9999-12-31", "2024-12-30", "2026-12-31", "2027-01-03", "2028-02-29"))
    plain = f"{random.randint(2025, 2026)}-{random.randint(1, 12):02d}-{random.randint(1, 28):02d}"
    return edge if random.random() < 0.4 else plain


def instant(random: Random) -> str:
    """Returns an instant, often near midnight or a change of clocks."""
    hour = random.choice(("00:00:00.000", "23:59:59.999", "04:59:59.999", "05:00:00.000", "12:30:00.001"))
    changes = (
        "2026-03-08T06:59:59.999",
        "2026-03-08T07:00:00.000",
        "2026-11-01T05:30:00.000",
        "2026-10-25T00:59:59.999",
    )
    return f"{random.choice(changes) if random.random() < 0.2 else f'{day(random)}T{hour}'}Z"


OWN = (
    Kind("stage", "text", lambda random: random.choice(STAGES)),
    Kind("amount", "number", amount),
    Kind("qty", "number", whole),
    Kind("rate", "number", lambda random: Decimal(random.randint(-(10**7), 10**7)).scaleb(-6)),
    Kind("ratio", "number", lambda random: random.randint(-40, 40) / 4),
    Kind("at", "instant", instant),
    Kind("due", "day", day),
    Kind("start", "time", lambda random: f"{random.randint(0, 3):02d}:30:00.000"),
    Kind("done", "boolean", lambda random: random.random() < 0.5),
    Kind("shop", "text", lambda random: f"s{random.randint(0, 7)}"),
)
OF_SHOPS = (
    Kind("region", "text", lambda random: random.choice(("north", "South", "ß"))),
    Kind("open", "boolean", lambda random: random.random() < 0.7),
    Kind("opened", "day", day),
    Kind("rent", "number", amount),
    Kind("head", "text", lambda random: f"s{random.randint(0, 7)}"),
)
DATA = Kind("data", "json", lambda random: {"n": random.randint(0, 2)})
FIELDS = (
    *OWN,
    *(Kind(f"shop.{kind.name}", kind.family, kind.value) for kind in OF_SHOPS),
    Kind("shop.head.region", "text", OF_SHOPS[0].value),
    Kind("shop.head.rent", "number", amount),
)


def rows_of(kinds: Sequence[Kind], prefix: str, count: int, random: Random) -> list[dict[str, Any]]:
    """Returns records, one value in five of which is absent."""
    return [
        {"id": f"{prefix}{index}", **{kind.name: _perhaps(kind, random) for kind in kinds}} for index in range(count)
    ]


def _perhaps(kind: Kind, random: Random) -> Any:
    return None if random.random() < 0.2 else kind.value(random)


SHOPS = rows_of(OF_SHOPS, "s", 8, Random(1))
ROWS = rows_of((*OWN, DATA), "r", 90, Random(2))


def generated(random: Random) -> dict[str, Any]:
    """Returns a document that asks for groups; nothing in it is refused."""
    document: dict[str, Any] = {}
    names: dict[str, str] = {}
    zoned = False
    groups: list[Any] = []
    for kind in random.sample(FIELDS, random.choice((0, 1, 1, 2, 3))):
        entry: dict[str, Any] = {"field": kind.name}
        name, family = kind.name, kind.family
        if random.random() < 0.4:
            name = entry["alias"] = f"g{len(groups)}"
        if family in DATED and random.random() < 0.8:
            entry["dateGranularity"] = random.choice(tuple(BUCKETS))
            zoned = zoned or family == "instant"
            family = "text"
        names[name] = family
        groups.append(entry if len(entry) > 1 or random.random() < 0.5 else kind.name)
    measures = [_measure(random, f"m{index}", names) for index in range(random.randint(0 if groups else 1, 4))]
    if groups:
        document["group_by"] = groups
    if measures:
        document["aggregations"] = measures
    if zoned and random.random() < 0.6:
        document["timezone"] = random.choice(ZONES)
    if random.random() < 0.4:
        document["where"] = _condition(random)
    if random.random() < 0.5:
        document["having"] = _having(random, names)
    sortable = [name for name, family in names.items() if family != "json"]
    if random.random() < 0.7:
        keys = random.sample(sortable, random.randint(0, min(3, len(sortable))))
        document["order_by"] = [{"field": key, "order": random.choice(("asc", "desc"))} for key in keys]
    return document


def _measure(random: Random, alias: str, names: dict[str, str]) -> dict[str, Any]:
    function = random.choice(tuple(MEASURES.values()))
    fitting = [kind for kind in (*FIELDS, DATA) if kind.family in function.families]
    family = random.choice(sorted({kind.family for kind in fitting}))
    kind = random.choice([kind for kind in fitting if kind.family == family])
    entry: dict[str, Any] = {"function": function.name, "alias": alias}
    if not function.of_rows or random.random() < 0.8:
        entry["field"] = kind.name
    if random.random() < 0.4:
        entry["filter"] = _condition(random)
    families = {"min": kind.family, "max": kind.family, "string_agg": "text", "array_agg": "json"}
    names[alias] = families.get(function.name, "number")
    return entry


def _condition(random: Random) -> dict[str, Any]:
    """Returns a condition on records."""
    kind = random.choice(FIELDS)
    operator = random.choice(("$eq", "$ne", "$in", "$null", "$gte" if kind.family in ORDERED else "$nin"))
    comparand: Any = kind.value(random)
    if operator in ("$in", "$nin"):
        comparand = [comparand, kind.value(random)]
    elif operator == "$null":
        comparand = random.random() < 0.5
    condition = {kind.name: {operator: comparand}}
    return {"$not": condition} if random.random() < 0.2 else condition


def _having(random: Random, names: dict[str, str]) -> dict[str, Any]:
    """Returns a condition on groups."""
    name, family = random.choice(tuple(names.items()))
    others = [other for other, of in names.items() if of == family == "number" and other != name]
    if family == "number" and others and random.random() < 0.4:
        comparand: Any = {"$field": random.choice(others)}
    else:
        comparand = _comparand(random, family)
    operator = random.choice(("$gt", "$lte", "$eq", "$ne")) if family in ORDERED else "$ne"
    condition: dict[str, Any] = {name: {operator: comparand}}
    if family == "json" or random.random() < 0.1:
        condition = {name: {"$null": random.random() < 0.3}}
    elif family == "number" and random.random() < 0.2:
        condition = {name: {"$in": random.sample(NUMBERS, 3)}}
    return {"$not": condition} if random.random() < 0.2 else condition


def _comparand(random: Random, family: str) -> Any:
    if family == "number":
        return random.choice(NUMBERS)
    if family == "boolean":
        return random.random() < 0.5
    by_family = {"instant": instant, "day": day}
    if family in by_family:
        return by_family[family](random)
    return "01:30" if family == "time" else random.choice((*STAGES, "2026", "2026-03", "2026-W10"))
