"""The sections of the query language's page on paths, on what stands for a value, and on the array form."""

from collections.abc import Mapping

from docs.generator.markdown import code, codes, table
from fieldstone.query.array_form import ARRAY_OPERATORS
from fieldstone.query.cel.context import CALLER_TYPE, ORGANIZATION_TYPE
from fieldstone.query.relative_dates import RELATIVE_DATES
from fieldstone.query.stand_ins import CALLER_TOKENS
from fieldstone.settings import Limits

LIMITS = Limits()

PATHS = f"""\
A name may be a path along references: `customer.tier` is the tier of the record that `customer` points to. A path goes
through at most {LIMITS.relation_depth} references, in conditions, orders and groups; each counts as a comparison. It sees what
the caller would see: a record that he may not see, or that is not there, counts as one without values. A condition
that holds without a value (`$ne`, `$null`, `$not` ...) holds then, and no other does. A path through a hidden field, or to an
object that he may not read, is refused as an unknown field is. Records that refer
here have no paths.

A path may lead along a reference of several records: `{{"watchers.name": "Ann"}}` asks whether some record of the list
satisfies the condition, each operator by itself, and `$ne` and its like whether none satisfies its opposite. Such a path
has no one value, so nothing is sorted, grouped or computed by it, and no `$field` compares with it.

`{{"$field": ...}}` may name a path too. Of two fields that are compared, one may lie further along the path of the other."""

_CALLER = codes(name for name, _ in CALLER_TYPE.fields)
_ORGANIZATION = codes(name for name, _ in ORGANIZATION_TYPE.fields)
STAND_INS = f"""\
`{{"$cel": "..."}}` in place of a comparand, or in a list of them, is [an expression](functions.md), computed once for each
request. It knows the clock (`now()`, `today()`), `current_user` (also `os.user`: {_CALLER}) and `os.org`
({_ORGANIZATION}), and no record. Its value is checked as if it had been sent; null is refused. Macros and `matches` are
left out. A where holds at most {LIMITS.where_expressions} expressions, of {LIMITS.expression_characters} characters each.

A text in braces stands for a date where a date or an instant is compared, and for a value of the caller where ids are.
Days begin in the time zone of the caller's organisation, which is the field `timezone` of `sys_organization`; weeks begin on
Monday. Against an instant, a relative day is its first moment, or, for `$lte` and the end of `$between`, all of it."""

ARRAYS = """\
A where may be written as lists: `[field, operator, value]`, `["and", ...]`, `["or", ...]`, or a bare list of conditions that
all hold. Both forms may stand within each other. Operators have these names, in capitals or not:"""

EXAMPLES: Mapping[str, tuple[str, ...]] = {
    "paths": (
        '{"customer.tier": {"$in": ["plus", "enterprise"]}}',
        '{"$not": {"contact.customer.name": {"$startsWith": "A"}}}',
        '{"due_on": {"$lt": {"$field": "customer.since"}}}',
    ),
    "stand-ins": (
        '{"opened_at": {"$gte": {"$cel": "daysAgo(7)"}}}',
        '{"owner_id": {"$cel": "os.user.id"}}',
        '{"opened_at": {"$between": ["{last_month_start}", "{last_month_end}"]}}',
        '{"owner_id": {"$ne": "{current_user_id}"}}',
    ),
    "arrays": (
        '["status", "=", "open"]',
        '["and", ["hours", ">=", 2], ["or", ["contact", "is_null"], ["subject", "contains", "printer"]]]',
    ),
}
"""Conditions over a ticket of the demo's support desk, by section."""


def conditions() -> tuple[str, ...]:
    """Returns the sections' parts."""
    dates = [(code(text), f"{meaning}.") for text, meaning in RELATIVE_DATES.items()]
    tokens = [(code(text), f"The caller's `{name}`.") for text, name in CALLER_TOKENS.items()]
    names = [(code(spelling), codes(names)) for spelling, names in ARRAY_OPERATORS.items()]
    return (
        "## Paths",
        PATHS,
        _examples("paths"),
        "## Values of the request",
        STAND_INS,
        table(("text", "meaning"), dates + tokens),
        _examples("stand-ins"),
        "## Lists as conditions",
        ARRAYS,
        table(("operator", "in a list"), names),
        _examples("arrays"),
    )


def _examples(section: str) -> str:
    return "\n".join(f"    {example}" for example in EXAMPLES[section])
