"""The page of the query language: the document, its spellings, operators, nulls, order and paging."""

from collections.abc import Mapping

from docs.generator.conditions import conditions
from docs.generator.expansions import expansions
from docs.generator.groups import groups
from docs.generator.markdown import code, codes, page, table
from docs.generator.searches import searches
from fieldstone.engine.asked import DEFAULT_PAGE
from fieldstone.query.operators import FAMILIES, LOGIC, OPERATORS, SORTABLE, Operator
from fieldstone.query.text_forms import BODY_KEYS, PARAMETERS

INTRODUCTION = """\
A list of records is asked for by `GET /api/v1/data/{object}` with parameters, or by `POST
/api/v1/data/{object}/query` with a JSON document of the keys below. Both mean the same. Names are looked up among
the fields that the caller may read: a hidden one is refused exactly as one that is not there. What cannot be
applied is refused with its path, never left out."""

MEANINGS: Mapping[str, str] = {
    "where": 'A condition: `{"status": "open", "hours": {"$gt": 3}}`. Several keys of one object are joined by AND; a plain value '
    "means `$eq`; `null` asks for no value.",
    "order_by": 'Sort keys: `[{"field": "priority", "order": "desc"}]`, or a text such as `-status,customer.name` or `name asc`.',
    "limit": f"The page size, {DEFAULT_PAGE} unless said; a larger one than the object's `maxPageSize` is cut to "
    "it, and the answer's `limit` says so.",
    "offset": "How many records to pass over; not beside a `cursor`.",
    "cursor": "Where the page begins: `nextCursor` of the page before.",
    "expand": "Related records to answer within the records: see [records within records](#records-within-records).",
    "fields": "The fields to answer; all readable ones unless said.",
    "count": "`false` leaves `total` out of the answer.",
    "search": 'Words that must occur: see [searching](#searching); also `{"query": ..., "fields": [...]}`.',
    "search_fields": "The fields to search; all that can be searched unless said.",
    "group_by": "What [groups](#groups) are made by, in place of records.",
    "aggregations": "What is computed over each group.",
    "having": "A condition on groups.",
    "distinct": "`true` answers the different values of `fields`.",
    "timezone": "The time zone in which the days of groups begin.",
}

SPELLED = """\
In a GET, `where` is JSON, `orderBy` a text or JSON, `select` and `expand` names with commas between them, `expand` perhaps JSON. Any
parameter that is none of these is a field that must equal: `?status=open&done=true`. One parameter twice, or two
spellings of one with different values, are refused."""

NULLS = """\
Logic is two-valued. A record without a value in a field satisfies no operator there, but for those marked *also
without a value*, each of which is the exact complement of another: `$ne` of `$eq`, `$nin` of `$in`, `$notContains`
of `$contains`. `$not` is the exact complement of its condition: what is not selected by one is selected by the
other. Absent values come last in ascending order and first in descending."""

VALUES = """\
A comparand of the wrong type is refused (400), not taken for an empty result. A day against an instant is its
midnight in UTC; as the upper bound of `$lte` or `$between` it covers the whole day. `{"$field": "other"}` compares
with another field of the same record, where the table says so; beside an approximate number, numbers are compared as
approximate ones. A list equals another with the same members, in whatever order. Texts are compared and sorted by code
point; the operators that find a text in another, and `$ilike`, ignore case, for every alphabet, in the same way on both
databases. `%` and `_` mean something special in `$like` and `$ilike` alone."""

PAGING = """\
The answer is `{"items": [...], "total": n, "limit": n, "nextCursor": "..."}`. `nextCursor` is null on the last
page. Every order ends with `id`, so that paging is stable. A cursor is signed and belongs to one caller, one set of
conditions, as they were sent, and one order; with any other it is refused (`INVALID_CURSOR`). It may be used with another `limit`,
`fields` or `expand`. `total` counts all records that the caller may see and that satisfy the conditions. The
[limits](settings.md#limits) say how deep, long and wide a query may be."""


def objectql_page() -> str:
    """Returns the page."""
    keys = [(code(key), _spellings(slot), MEANINGS[slot]) for key, slot in BODY_KEYS.items() if key != "select"]
    return page(
        "The query language",
        INTRODUCTION,
        table(("key", "parameters of a GET", "meaning"), keys),
        "A body may also hold `object`, which must be the one in the path, and `select` for `fields`.",
        SPELLED,
        "## Nulls",
        NULLS,
        "## Values",
        VALUES,
        *conditions(),
        "## Order and paging",
        PAGING,
        *expansions(),
        *groups(),
        *searches(),
        "## Families",
        "Which operators fit a field is a matter of what it holds.",
        table(("family", "operators", "sorted"), [_family(name) for name in sorted(FAMILIES)]),
        *(_section(operator) for operator in OPERATORS.values()),
        *(f"## {code(name)}\n\n{meaning}." for name, meaning in LOGIC.items()),
    )


def _spellings(slot: str) -> str:
    return codes(name for name, target in PARAMETERS.items() if target == slot)


def _family(name: str) -> tuple[str, str, str]:
    fitting = [operator.spelling for operator in OPERATORS.values() if name in operator.families]
    return name, codes(fitting) or "none", "yes" if name in SORTABLE else "no"


def _section(operator: Operator) -> str:
    facts = [f"Takes {operator.comparand}", f"for {', '.join(sorted(operator.families))}"]
    if operator.field_allowed:
        facts.append("or a `$field`")
    if operator.matches_absent and operator.name != "null":
        facts.append("also without a value")
    return f"## {code(operator.spelling)}\n\n{operator.summary}. *{'; '.join(facts)}.*\n\n    {operator.example}"
