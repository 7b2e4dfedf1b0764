"""The one table of operators: what may be asked of a field, of which family of comparison, and what it means.

Parsing, evaluation, SQL and the reference page all read it. Logic is two-valued (contract 1.3): a row without a value satisfies
no operator but those that `match_absent`, which are the exact complements of others.
"""

from collections.abc import Mapping
from enum import StrEnum
from functools import cache

import msgspec

SCALARS = frozenset({"text", "number", "instant", "day", "time", "boolean"})
ORDERED = frozenset({"text", "number", "instant", "day", "time"})
SORTABLE = SCALARS
FAMILIES = SCALARS | {"list", "json", "none"}


class Comparand(StrEnum):
    """What an operator is compared with, as it is sent."""

    VALUE = "one value"
    VALUES = "a list of values"
    PAIR = "two values, the lower one first"
    TEXT = "a text"
    PATTERN = "a pattern"
    BOOLEAN = "true or false"


class Operator(msgspec.Struct, frozen=True):
    """One operator; `spelling` is how a where writes it, `name` what a `Term` holds.

    `field_allowed` lets `{"$field": "other"}` stand for the comparand. An operator that `becomes` another, or two others, never
    reaches a Term. `example` is a where over a ticket of the demo's support desk.
    """

    name: str
    spelling: str
    families: frozenset[str]
    comparand: Comparand
    summary: str
    example: str
    matches_absent: bool = False
    field_allowed: bool = False
    becomes: tuple[str, ...] = ()


def _pattern(name: str, summary: str, example: str) -> Operator:
    return Operator(name, f"${name}", _TEXT, Comparand.PATTERN, summary, example)


def _comparison(name: str, families: frozenset[str], summary: str, example: str, *, absent: bool = False) -> Operator:
    return Operator(
        name, f"${name}", families, Comparand.VALUE, summary, example, matches_absent=absent, field_allowed=True
    )


_TEXT = frozenset({"text"})
_TEXT_AND_LIST = frozenset({"text", "list"})
_EQUAL = SCALARS | {"list"}
_PRESENCE = SCALARS | {"list", "json"}

OPERATORS: Mapping[str, Operator] = {
    operator.name: operator
    for operator in (
        _comparison(
            "eq",
            _EQUAL,
            "Equal; `null` asks for no value; a list: has just these members",
            '{"status": {"$eq": "open"}}',
        ),
        _comparison("ne", _EQUAL, "Not equal, or no value", '{"status": {"$ne": "closed"}}', absent=True),
        _comparison("gt", ORDERED, "Greater, later; texts by code point", '{"hours": {"$gt": 3}}'),
        _comparison(
            "gte",
            ORDERED,
            "Greater or equal; a bare day means its midnight UTC",
            '{"opened_at": {"$gte": "2026-03-01"}}',
        ),
        _comparison("lt", ORDERED, "Less, earlier", '{"hours": {"$lt": 1.50}}'),
        _comparison(
            "lte", ORDERED, "Less or equal; a bare day is covered whole", '{"opened_at": {"$lte": "2026-03-31"}}'
        ),
        Operator(
            "in",
            "$in",
            _EQUAL,
            Comparand.VALUES,
            "Equal to one of them; a list: has one of them",
            '{"status": {"$in": ["open", "waiting"]}}',
        ),
        Operator(
            "nin",
            "$nin",
            _EQUAL,
            Comparand.VALUES,
            "Equal to none of them, or no value; a list: has none of them",
            '{"status": {"$nin": ["closed"]}}',
            matches_absent=True,
        ),
        Operator(
            "between",
            "$between",
            ORDERED,
            Comparand.PAIR,
            "From the first to the second, both included",
            '{"hours": {"$between": [1, 8]}}',
            becomes=("gte", "lte"),
        ),
        Operator(
            "contains",
            "$contains",
            _TEXT_AND_LIST,
            Comparand.TEXT,
            "Has this text in it, whatever its case; a list: has this member",
            '{"subject": {"$contains": "printer"}}',
        ),
        Operator(
            "icontains",
            "$icontains",
            _TEXT,
            Comparand.TEXT,
            "The same as `$contains`",
            '{"subject": {"$icontains": "printer"}}',
            becomes=("contains",),
        ),
        Operator(
            "not_contains",
            "$notContains",
            _TEXT_AND_LIST,
            Comparand.TEXT,
            "Does not have this text or member in it, or no value",
            '{"subject": {"$notContains": "test"}}',
            matches_absent=True,
        ),
        Operator(
            "starts_with",
            "$startsWith",
            _TEXT,
            Comparand.TEXT,
            "Begins with this text, whatever its case",
            '{"subject": {"$startsWith": "re:"}}',
        ),
        Operator(
            "ends_with",
            "$endsWith",
            _TEXT,
            Comparand.TEXT,
            "Ends with this text, whatever its case",
            '{"contact.email": {"$endsWith": "@example.org"}}',
        ),
        _pattern(
            "like",
            "The whole text fits the pattern: `%` is any run of characters, `_` any one, `\\` takes the meaning from the next",
            '{"subject": {"$like": "Order 20__-%"}}',
        ),
        _pattern("ilike", "The same, whatever the case", '{"subject": {"$ilike": "re:%order%"}}'),
        Operator(
            "null",
            "$null",
            _PRESENCE,
            Comparand.BOOLEAN,
            "True: has no value; false: has one",
            '{"contact": {"$null": true}}',
            matches_absent=True,
        ),
        Operator(
            "exists",
            "$exists",
            _PRESENCE,
            Comparand.BOOLEAN,
            "True: has a value; false: has none",
            '{"contact": {"$exists": true}}',
            becomes=("null",),
        ),
    )
}
"""By name. A Term of `null` holds no comparand but `Literal(True)`; `$null: false` is its `Not`."""

NEGATED: Mapping[str, str] = {"ne": "eq", "nin": "in", "not_contains": "contains"}
"""By name: the operator whose exact complement it is."""

SPELLINGS: Mapping[str, Operator] = {operator.spelling: operator for operator in OPERATORS.values()}

LOGIC: Mapping[str, str] = {
    "$and": "All of the nodes of a list; an empty list is true",
    "$or": "Any of the nodes of a list; an empty list is false",
    "$not": "The exact complement of one node",
}


def fold(text: str) -> str:
    """Returns a text as the operators that ignore case compare it: each character by itself, first to upper, then to lower case.

    Only one-to-one mappings count (`ß` stays, `ς` and `Σ` become `σ`, `İ` becomes `i`), so that a text keeps its length and
    parts of it stay parts. It equals `lower(upper(x COLLATE "pg_c_utf8"))` of PostgreSQL 18 for every character; a full case
    folding would need its version 18, and no version's `lower` alone brings `Σ`, `σ` and `ς` together.
    """
    return text.lower() if text.isascii() else text.translate(_folded())


def _fold_character(character: str) -> str:
    upper = character.upper()
    return (upper if len(upper) == 1 else character).lower()[0]


@cache
def _folded() -> dict[int, str]:
    # Unicode 16 gave these letters a case; a Python of an older Unicode does not know.
    newest = {0x1C89: 0x1C8A, 0xA7CB: 0x264, 0xA7CC: 0xA7CD, 0xA7DA: 0xA7DB, 0xA7DC: 0x19B}
    newest |= {capital: capital + 0x20 for capital in range(0x10D50, 0x10D66)}
    table = {code: folded for code in range(0x1E944) if (folded := _fold_character(chr(code))) != chr(code)}
    return table | {capital: chr(small) for capital, small in newest.items()}
