"""One table of operators, nulls and texts of many alphabets: what each where selects, by hand.

It is run in memory, on SQLite and on PostgreSQL, and all must answer the same. `FIELDS` are declarations of an object named `probe`;
`ROWS` are records in wire form, a missing field being null; a case is a where and the ids that it selects, in one text.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec

from fieldstone.kinds.fields.table import FIELD_TYPES, AnyField
from fieldstone.query.storage import FieldShape, ObjectShape, Storage, StorageClass

FIELDS: Mapping[str, Mapping[str, Any]] = {
    "name": {"type": "text"},
    "other": {"type": "text"},
    "qty": {"type": "number", "scale": 0},
    "amount": {"type": "currency"},
    "ratio": {"type": "number", "approximate": True},
    "day": {"type": "date"},
    "at": {"type": "datetime"},
    "clock": {"type": "time"},
    "done": {"type": "boolean"},
    "tags": {"type": "multiselect", "options": [{"value": "red"}, {"value": "Red"}, {"value": 'it\'s "%"'}]},
    "data": {"type": "json"},
}

ROWS: tuple[Mapping[str, Any], ...] = (
    {"id": "a"},
    {
        "id": "b",
        "name": "Straße",
        "other": "Straße",
        "qty": 0,
        "amount": Decimal("0.00"),
        "ratio": 0.1,
        "day": "2026-03-01",
        "at": "2026-03-01T00:00:00.000Z",
        "clock": "00:00:00.000",
        "done": False,
        "tags": [],
        "data": {},
    },
    {
        "id": "c",
        "name": "STRASSE",
        "other": "strasse",
        "qty": -3,
        "amount": Decimal("-0.01"),
        "ratio": 0.30000000000000004,
        "day": "2026-03-31",
        "at": "2026-03-31T23:59:59.999Z",
        "clock": "23:59:59.999",
        "done": True,
        "tags": ["red"],
        "data": [1],
    },
    {
        "id": "d",
        "name": "ΟΔΟΣ ΜΟΥ",
        "other": "οδος μου",
        "qty": 9223372036854775807,
        "amount": Decimal("9999999999999999.99"),
        "ratio": 1e300,
        "day": "9999-12-31",
        "at": "9999-12-31T23:59:59.999Z",
        "clock": "12:30:00.000",
        "done": True,
        "tags": ["Red", "red"],
        "data": "text",
    },
    {
        "id": "e",
        "name": "100% _sure* [x]? \\ it's",
        "other": "",
        "qty": -9223372036854775808,
        "amount": Decimal("-9999999999999999.99"),
        "ratio": -1e300,
        "day": "0001-01-01",
        "at": "0001-01-01T00:00:00.000Z",
        "clock": "12:30:00.001",
        "tags": ['it\'s "%"'],
        "data": False,
    },
    {"id": "f", "name": "", "qty": 2, "amount": Decimal("10.50"), "ratio": 2.0, "at": "2026-04-01T00:00:00.000Z"},
    {"id": "g", "name": "İzmir ǅ ﬁn", "other": "i", "qty": 2, "amount": Decimal("2.00"), "ratio": 10.5},
    {"id": "h", "name": "\U0001f600 smile", "other": "z", "qty": 10, "amount": Decimal("100.00"), "ratio": -0.5},
    {"id": "i", "name": "\ufb01sh", "other": "Z", "qty": 10, "amount": Decimal("10.49")},
    {"id": "j", "name": "zebra", "other": "ZEBRA", "qty": 10, "amount": Decimal("99.99")},
    {"id": "k", "name": "Äpfel\nund Birnen", "other": "\ua7cb\U00010d50", "qty": 1, "amount": Decimal("1.00")},
)


class Case(NamedTuple):
    """A where over `probe`, and the ids that it selects, one letter each."""

    where: dict[str, Any]
    ids: str


ALL = "abcdefghijk"

CASES: tuple[Case, ...] = (
    Case({}, ALL),
    # Equality, null, and their complements.
    Case({"name": "zebra"}, "j"),
    Case({"name": "Zebra"}, ""),
    Case({"name": {"$eq": ""}}, "f"),
    Case({"name": None}, "a"),
    Case({"name": {"$eq": None}}, "a"),
    Case({"name": {"$ne": None}}, "bcdefghijk"),
    Case({"name": {"$ne": "zebra"}}, "abcdefghik"),
    Case({"name": {"$null": True}}, "a"),
    Case({"name": {"$null": False}}, "bcdefghijk"),
    Case({"name": {"$exists": True}}, "bcdefghijk"),
    Case({"name": {"$exists": False}}, "a"),
    Case({"data": {"$exists": True}}, "bcde"),
    Case({"tags": {"$null": True}}, "afghijk"),
    Case({"done": True}, "cd"),
    Case({"done": False}, "b"),
    Case({"done": {"$ne": True}}, "abefghijk"),
    Case({"done": {"$in": [True, False]}}, "bcd"),
    # Texts are ordered by code point: capitals first, then small letters, Ä, Greek, ligatures, pictures.
    Case({"name": {"$gt": "zebra"}}, "dghik"),
    Case({"name": {"$gte": "zebra"}}, "dghijk"),
    Case({"name": {"$lt": "Straße"}}, "cef"),
    Case({"name": {"$lte": "Straße"}}, "bcef"),
    Case({"name": {"$gt": "\ufb01sh"}}, "h"),
    Case({"name": {"$between": ["S", "z"]}}, "bc"),
    # Lists.
    Case({"name": {"$in": ["zebra", "", "nobody"]}}, "fj"),
    Case({"name": {"$nin": ["zebra", "", "nobody"]}}, "abcdeghik"),
    Case({"name": {"$in": []}}, ""),
    Case({"name": {"$nin": []}}, ALL),
    Case({"name": {"$in": ["it's", "100% _sure* [x]? \\ it's"]}}, "e"),
    Case({"qty": {"$in": [2, 10, Decimal("2.5")]}}, "fghij"),
    Case({"qty": {"$nin": [2, 10]}}, "abcdek"),
    Case({"amount": {"$in": [Decimal("10.5"), 2, Decimal("0.001")]}}, "fg"),
    Case({"amount": {"$in": [Decimal("0.001")]}}, ""),
    Case({"amount": {"$nin": [Decimal("0.001"), 10**30]}}, ALL),
    Case({"ratio": {"$in": [2, Decimal("0.1")]}}, "bf"),
    Case({"day": {"$in": ["2026-03-01", "9999-12-31"]}}, "bd"),
    Case({"at": {"$in": ["2026-03-01", "2026-04-01T02:00:00+02:00"]}}, "bf"),
    Case({"clock": {"$nin": ["12:30"]}}, "abcefghijk"),
    # Parts of texts, whatever their case; what other languages read as a pattern is plain text here.
    Case({"name": {"$contains": "ZEB"}}, "j"),
    Case({"name": {"$icontains": "ZEB"}}, "j"),
    Case({"name": {"$contains": ""}}, "bcdefghijk"),
    Case({"name": {"$notContains": ""}}, "a"),
    Case({"name": {"$contains": "straße"}}, "b"),
    Case({"name": {"$contains": "STRA\u1e9eE"}}, "b"),
    Case({"name": {"$contains": "strasse"}}, "c"),
    Case({"name": {"$contains": "\u017ftra"}}, "bc"),
    Case({"name": {"$contains": "οδος"}}, "d"),
    Case({"name": {"$contains": "ΟΔΟΣ"}}, "d"),
    Case({"other": {"$contains": "ΟΔΟΣ"}}, "d"),
    Case({"name": {"$contains": "οδοσ"}}, "d"),
    Case({"name": {"$contains": "IZMIR"}}, "g"),
    Case({"name": {"$contains": "ızmır"}}, "g"),
    Case({"name": {"$contains": "ǆ"}}, "g"),
    Case({"name": {"$contains": "ﬁ"}}, "gi"),
    Case({"name": {"$contains": "fi"}}, ""),
    Case({"name": {"$contains": "äpfel\nUND"}}, "k"),
    Case({"name": {"$contains": "\U0001f600"}}, "h"),
    Case({"other": {"$contains": "\u0264\U00010d70"}}, "k"),
    Case({"name": {"$contains": "%"}}, "e"),
    Case({"name": {"$contains": "_"}}, "e"),
    Case({"name": {"$contains": "\\"}}, "e"),
    Case({"name": {"$contains": "* [X]?"}}, "e"),
    Case({"name": {"$contains": "'"}}, "e"),
    Case({"name": {"$notContains": "%"}}, "abcdfghijk"),
    Case({"name": {"$startsWith": "stra"}}, "bc"),
    Case({"name": {"$startsWith": "100%"}}, "e"),
    Case({"name": {"$startsWith": "%"}}, ""),
    Case({"name": {"$startsWith": "\U0001f600 S"}}, "h"),
    Case({"name": {"$startsWith": ""}}, "bcdefghijk"),
    Case({"name": {"$endsWith": "SE"}}, "c"),
    Case({"name": {"$endsWith": "ΜΟΥ"}}, "d"),
    Case({"name": {"$endsWith": "it's"}}, "e"),
    Case({"name": {"$endsWith": "zebra zebra"}}, ""),
    Case({"name": {"$endsWith": ""}}, "bcdefghijk"),
    # Members of lists, exactly.
    Case({"tags": {"$contains": "red"}}, "cd"),
    Case({"tags": {"$contains": "Red"}}, "d"),
    Case({"tags": {"$contains": 'it\'s "%"'}}, "e"),
    Case({"tags": {"$contains": "re"}}, ""),
    Case({"tags": {"$notContains": "red"}}, "abefghijk"),
    # Whole numbers to the ends of 64 bits, and beyond.
    Case({"qty": {"$gt": 2}}, "dhij"),
    Case({"qty": {"$gte": 2}}, "dfghij"),
    Case({"qty": {"$lt": 0}}, "ce"),
    Case({"qty": {"$lte": 0}}, "bce"),
    Case({"qty": {"$ne": 0}}, "acdefghijk"),
    Case({"qty": {"$between": [0, 2]}}, "bfgk"),
    Case({"qty": {"$between": [2, 0]}}, ""),
    Case({"qty": 9223372036854775807}, "d"),
    Case({"qty": {"$gte": 9223372036854775807}}, "d"),
    Case({"qty": {"$lt": -9223372036854775807}}, "e"),
    Case({"qty": {"$gt": Decimal("1.5")}}, "dfghij"),
    Case({"qty": {"$gte": Decimal("1.5")}}, "dfghij"),
    Case({"qty": {"$lt": Decimal("1.5")}}, "bcek"),
    Case({"qty": {"$lte": Decimal("1.5")}}, "bcek"),
    Case({"qty": {"$lt": Decimal("-2.5")}}, "ce"),
    Case({"qty": Decimal("2.5")}, ""),
    Case({"qty": Decimal("2.0")}, "fg"),
    Case({"qty": {"$ne": Decimal("2.5")}}, ALL),
    Case({"qty": {"$lt": 10**30}}, "bcdefghijk"),
    Case({"qty": {"$gt": 10**30}}, ""),
    Case({"qty": {"$gt": -(10**30)}}, "bcdefghijk"),
    Case({"qty": {"$lte": -(10**30)}}, ""),
    Case({"qty": 10**30}, ""),
    Case({"qty": {"$ne": 10**30}}, ALL),
    # Decimals are exact at any scale of the comparand.
    Case({"amount": Decimal("10.5")}, "f"),
    Case({"amount": 0}, "b"),
    Case({"amount": {"$gt": Decimal("9.99")}}, "dfhij"),
    Case({"amount": {"$gt": Decimal("10.494999")}}, "dfhj"),
    Case({"amount": {"$gte": Decimal("10.494999")}}, "dfhj"),
    Case({"amount": {"$lt": Decimal("-0.005")}}, "ce"),
    Case({"amount": {"$lte": Decimal("-0.005")}}, "ce"),
    Case({"amount": {"$lt": 0}}, "ce"),
    Case({"amount": {"$between": [Decimal("1.00"), Decimal("10.49")]}}, "gik"),
    Case({"amount": Decimal("9999999999999999.99")}, "d"),
    Case({"amount": {"$gte": Decimal("9999999999999999.99")}}, "d"),
    Case({"amount": {"$gt": Decimal("9999999999999999.99")}}, ""),
    Case({"amount": {"$lte": Decimal("-9999999999999999.991")}}, ""),
    Case({"amount": {"$lt": Decimal("1E+40")}}, "bcdefghijk"),
    # Doubles.
    Case({"ratio": Decimal("0.1")}, "b"),
    Case({"ratio": Decimal("0.3")}, ""),
    Case({"ratio": {"$gt": Decimal("0.3")}}, "cdfg"),
    Case({"ratio": {"$lt": 0}}, "eh"),
    Case({"ratio": {"$gt": Decimal("1E+309")}}, ""),
    # Days and instants: a bare day is its midnight, and covered whole as an upper bound.
    Case({"day": "2026-03-01"}, "b"),
    Case({"day": {"$gt": "2026-03-01"}}, "cd"),
    Case({"day": {"$between": ["2026-03-01", "2026-03-31"]}}, "bc"),
    Case({"at": "2026-03-01"}, "b"),
    Case({"at": {"$ne": "2026-03-01"}}, "acdefghijk"),
    Case({"at": {"$gt": "2026-03-01"}}, "cdf"),
    Case({"at": {"$gte": "2026-03-01"}}, "bcdf"),
    Case({"at": {"$lt": "2026-03-31"}}, "be"),
    Case({"at": {"$lte": "2026-03-31"}}, "bce"),
    Case({"at": {"$lte": "9999-12-31"}}, "bcdef"),
    Case({"at": {"$between": ["2026-03-01", "2026-03-31"]}}, "bc"),
    Case({"at": {"$lte": "2026-03-31T23:59:59.9999Z"}}, "bce"),
    Case({"at": {"$lt": "2026-03-31T23:59:59.999Z"}}, "be"),
    Case({"at": "2026-04-01T02:00:00+02:00"}, "f"),
    Case({"at": {"$gt": "2026-03-31T23:59:59Z"}}, "cdf"),
    # Times of day.
    Case({"clock": "12:30"}, "d"),
    Case({"clock": {"$gt": "12:30"}}, "ce"),
    Case({"clock": {"$lte": "12:30:00.001"}}, "bde"),
    # Fields against fields: nothing equals an absent value, and no absent value equals another.
    Case({"name": {"$eq": {"$field": "other"}}}, "b"),
    Case({"name": {"$ne": {"$field": "other"}}}, "acdefghijk"),
    Case({"name": {"$gt": {"$field": "other"}}}, "eghij"),
    Case({"qty": {"$gt": {"$field": "amount"}}}, "d"),
    Case({"qty": {"$eq": {"$field": "amount"}}}, "bgk"),
    Case({"qty": {"$lte": {"$field": "amount"}}}, "bcefghijk"),
    Case({"qty": {"$ne": {"$field": "amount"}}}, "acdefhij"),
    # Logic: complements are exact, null or not.
    Case({"$and": []}, ALL),
    Case({"$or": []}, ""),
    Case({"$not": {}}, ""),
    Case({"$not": {"name": "zebra"}}, "abcdefghik"),
    Case({"$not": {"name": {"$ne": "zebra"}}}, "j"),
    Case({"$not": {"qty": {"$gt": 2}}}, "abcefgk"),
    Case({"$not": {"$not": {"qty": {"$gt": 2}}}}, "dhij"),
    Case({"$not": {"qty": {"$in": [2, 10]}}}, "abcdek"),
    Case({"$not": {"qty": {"$nin": [2, 10]}}}, "fghij"),
    Case({"$not": {"tags": {"$contains": "red"}}}, "abefghijk"),
    Case({"$not": {"name": {"$eq": {"$field": "other"}}}}, "acdefghijk"),
    Case({"$not": {"name": {"$ne": {"$field": "other"}}}}, "b"),
    Case({"$or": [{"name": "zebra"}, {"qty": 2}]}, "fgj"),
    Case({"$and": [{"qty": {"$gte": 2}}, {"$or": [{"name": "zebra"}, {"done": True}]}]}, "dj"),
    Case({"qty": {"$gte": 2, "$lt": 10}, "name": {"$ne": ""}}, "g"),
    Case({"$not": {"qty": {"$gte": 2}, "name": {"$ne": ""}}}, "abcefk"),
    Case({"$not": {"$or": [{"qty": {"$gte": 2}}, {"name": {"$contains": "stra"}}]}}, "aek"),
)

ORDERS: Mapping[str, str] = {
    "name": "fecbjkgdiha",
    "-name": "ahidgkjbcef",
    "qty": "ecbkfghijda",
    "-qty": "adhijfgkbce",
    "amount,-id": "ecbkgifjhda",
    "ratio": "ehbcfgdaijk",
    "day": "ebcdafghijk",
    "-at": "aghijkdfcbe",
    "clock,-name": "bdecahigkjf",
    "done,-qty": "bdcahijfgke",
}
"""By order: the ids of all rows in it; absent values are last going up and first going down."""


def probe_shape() -> ObjectShape:
    """Returns the shape of `probe`: its id and the fields of `FIELDS`."""
    shapes = {"id": FieldShape("id", Storage(StorageClass.TEXT), "text", nullable=False)}
    for name, options in FIELDS.items():
        declaration: Any = msgspec.convert(options, AnyField)
        kind = FIELD_TYPES[options["type"]]
        shapes[name] = FieldShape(name, kind.storage(declaration), kind.comparison)
    return ObjectShape("probe", shapes)
