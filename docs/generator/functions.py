"""The page of the expression language: types, operators, functions and macros."""

from collections.abc import Iterable

from docs.generator.markdown import code, page, table
from fieldstone.query.cel.context import CALLER_TYPE
from fieldstone.query.cel.limits import DEPTH, ITERATIONS, NODES, SOURCE_CHARACTERS
from fieldstone.query.cel.signatures import BY_NAME, CLOCK, MACROS, SIGNATURES, Signature

INTRODUCTION = f"""\
Expressions are [CEL](https://cel.dev). Row policies (`using`, `check`) are where they stand so far: they name the
object's fields, as `status` or `record.status`, and the caller, `current_user` (also `user`). They are type-checked
against the declared fields when they are loaded: an expression that does not compile is a fault with its line and
column.

A null where a value is needed is an error, and a policy that errs on a record selects nothing there. `field ==
null` asks. A policy over a value that the caller does not have selects nothing.

Numbers: `int` goes where `decimal` is wanted, both where `double` is; a decimal is exact. A `date` goes where a
`timestamp` is wanted, as its midnight in UTC. Texts compare by code point.

Bounds: {SOURCE_CHARACTERS:,} characters, {NODES:,} parts, {DEPTH} levels; {ITERATIONS:,} steps of macros in one
evaluation.

Row policies are run by the database. A part that names nothing of the record, such as `daysAgo(7)`, is computed before
the statement, with everything there is; the others must be *in SQL*. `today()` and whatever else needs a time zone take UTC."""


def functions_page() -> str:
    """Returns the page."""
    caller = table(("value", "type"), [(code(f"current_user.{name}"), code(kind)) for name, kind in CALLER_TYPE.fields])
    operators = dict.fromkeys(row.name for row in SIGNATURES if row.form == "operator")
    functions = dict.fromkeys(row.name for row in SIGNATURES if row.form != "operator")
    return page(
        "Expressions",
        INTRODUCTION,
        "## The caller",
        caller,
        "## Operators",
        *(_section(name, BY_NAME[name]) for name in operators),
        "## Functions",
        *(_section(name, BY_NAME[name]) for name in sorted(functions, key=str.lower)),
        "## Macros",
        "Written `list.exists(item, condition)`; over a map, the items are its keys. In SQL: `all` and `exists`, over a "
        "list of the caller's or one that is written out.",
        *(f"## {code(name)}\n\n{meaning}" for name, meaning in MACROS.items()),
    )


def _section(name: str, rows: Iterable[Signature]) -> str:
    lines = [
        (code(_call(row)), code(row.result), row.summary, "yes" if row.sql else "no", "yes" if row.fails else "")
        for row in rows
    ]
    note = "\n\nLooks at the clock: the same instant for the whole request." if name in CLOCK else ""
    header = ("written", "gives", "meaning", "in SQL", "may have no value")
    return f"## {code(name)}\n\n{table(header, lines)}{note}"


def _call(row: Signature) -> str:
    params = [str(param) for param in row.params]
    match row.form, params:
        case "operator", [first] if row.name == "neg":
            return f"-{first}"
        case "operator", [first]:
            return f"{row.name}{first}"
        case "operator", [first, second]:
            return f"{first} {row.name} {second}"
        case "operator", [first, second, third]:
            return f"{first} ? {second} : {third}"
        case "method", [first, *others]:
            return f"{first}.{row.name}({', '.join(others)})"
        case "either", [first, *others]:
            return f"{first}.{row.name}({', '.join(others)})"
    return f"{row.name}({', '.join(params)})"
