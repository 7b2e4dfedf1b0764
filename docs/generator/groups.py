"""The part of the page of the query language about groups: what they are made by, and what is computed over them."""

from collections.abc import Iterator

from docs.generator.markdown import code, table
from fieldstone.query.buckets import BUCKETS
from fieldstone.query.measures import MEASURES, MeasureFunction

INTRODUCTION = """\
A body with `groupBy` or `aggregations` is answered by groups of records in the envelope of a list: each item is a flat
object of the group names and aliases, and `total` counts groups. In the groups are the records that a list would
answer to the same caller under the same `where`. Groups are asked for by POST alone:

    {
      "where": {"created_at": {"$gte": "2026-01-01"}},
      "groupBy": ["customer.region", {"field": "created_at", "dateGranularity": "month", "alias": "month"}],
      "aggregations": [
        {"function": "count", "alias": "n"},
        {"function": "sum", "field": "hours", "alias": "urgent_hours", "filter": {"priority": "urgent"}}
      ],
      "having": {"n": {"$gt": 10}},
      "orderBy": "-urgent_hours"
    }

    {"items": [{"customer.region": "north", "month": "2026-03", "n": 12, "urgent_hours": 40.25}], "total": 1, ...}"""

RULES = """\
An entry of `groupBy` is a name, perhaps a path such as `customer.region`, or `{"field", "dateGranularity", "alias"}`; it is
answered under its alias, or else under its name. A path leads to what the caller may see; elsewhere its end counts as
absent. Records without a value make a group of their own, under `null`. Without `groupBy` there is one
group, of all records, and it is there even when no record is. Without `aggregations` the groups themselves are
answered; `"distinct": true` with `fields` asks for the same.

`having` and `orderBy` name groups and aliases, and nothing else. What is not said of the order is the order of the group names, so
that every order is whole. Pages go by `limit` and `offset`; groups have no `cursor`, no `fields` and no `expand`.

A query sends `timezone` (such as `Europe/Paris`) to say when the days of instants begin; unless it does, that is the time
zone of the organisation. The rules of zones are the server's own, the same over any database. A day that a zone moves
out of the years 0001 to 9999 stays at their end."""

EXACTNESS = """\
Sums of exact numbers are exact, however long, and are shown as their field is; so are averages, to six digits more than
the field has after the point, half of the last one rounded away from zero. Both databases give the same digits. Sums and
averages of approximate numbers are doubles, and may differ in their last digits from one database, or one run, to
another."""


def groups() -> Iterator[str]:
    """Yields the parts of the section, in their order."""
    yield "## Groups"
    yield INTRODUCTION
    yield RULES
    yield table(
        ("`dateGranularity`", "meaning", "5 March 2026"),
        [(code(bucket.name), f"{bucket.summary}.", code(bucket.label)) for bucket in BUCKETS.values()],
    )
    yield "## Functions of groups"
    yield (
        "Each has a `function`, an `alias` and a `field`, and perhaps a `filter`: a condition on the records that take part. "
        "Absent values never do."
    )
    yield EXACTNESS
    yield from (_section(function) for function in MEASURES.values())


def _section(function: MeasureFunction) -> str:
    needs = "With or without a field" if function.of_rows else "Needs a field"
    families = ", ".join(sorted(function.families))
    return f"## {code(function.name)}\n\n{function.summary}. *{needs}; for {families}.*\n\n    {function.example}"
