"""Random conditions over the table of `expressions.py`, well typed, nested, and full of nulls and failures."""

import re
from collections.abc import Mapping, Sequence
from random import Random

_FORMS: Mapping[str, Sequence[str]] = {
    "bool": [
        "(<bool> && <bool>)",
        "(<bool> || <bool>)",
        "!(<bool>)",
        "(<bool> ? <bool> : <bool>)",
        "(<bool> == <bool>)",
        *(
            f"(<{kind}> {mark} <{kind}>)"
            for kind in ("int", "decimal", "double", "string", "date", "timestamp")
            for mark in ("<", "<=", ">", ">=", "==", "!=")
        ),
        *(f"(<{kind}> {mark} null)" for kind in ("int", "decimal", "string", "date", "bool") for mark in ("==", "!=")),
        "(<decimal> < count)",
        "(<decimal> == <double>)",
        "(<date> <= <timestamp>)",
        "(<int> in [<int>, 2, 7])",
        "(<string> in ['a', 'Ann', 'é'])",
        "(<string> in ['a', null])",
        "(<string> in current_user.roles)",
        "(<decimal> in [10.5, 2.5, 1])",
        "('a' in tags)",
        "(current_user.id in labels)",
        "isBlank(<string>)",
        "isEmpty(<string>)",
        "<string>.contains(<string>)",
        "<string>.startsWith(<string>)",
        "<string>.endsWith(<string>)",
        "current_user.roles.exists(r, <bool> || r == <string>)",
        "current_user.roles.all(r, r != <string> && <bool>)",
        "((<timestamp> - <timestamp>) > duration('36h'))",
    ],
    "int": [
        *(f"(<int> {mark} <int>)" for mark in "+-*/%"),
        "-(<int>)",
        "abs(<int>)",
        "size(<string>)",
        "size(tags)",
        "coalesce(<int>, 3)",
        "(<bool> ? <int> : <int>)",
        "<timestamp>.getHours()",
        "<date>.getFullYear()",
        "daysBetween(<date>, <date>)",
        "daysBetween(<timestamp>, <date>)",
    ],
    "decimal": [
        *(f"(<decimal> {mark} <decimal>)" for mark in "+-*"),
        "(<decimal> + count)",
        "(<decimal> * 0.25)",
        "-(<decimal>)",
        "abs(<decimal>)",
        "coalesce(<decimal>, 0.125)",
        "(<bool> ? <decimal> : <decimal>)",
        "(<bool> ? <decimal> : 1.5)",
    ],
    "double": [
        "(<decimal> / <decimal>)",
        "(<double> * 0.5)",
        "(<double> + <decimal>)",
        "(<double> / <int>)",
        "-(<double>)",
    ],
    "string": [
        "(<string> + <string>)",
        "upper(<string>)",
        "lower(<string>)",
        "trim(<string>)",
        "coalesce(<string>, 'none')",
        "(<bool> ? <string> : <string>)",
        "(<bool> ? <string> : 'x')",
    ],
    "date": ["addDays(<date>, <int>)", "date(<timestamp>)", "coalesce(<date>, today())", "(<bool> ? <date> : <date>)"],
    "timestamp": [
        "addDays(<timestamp>, <int>)",
        "(<timestamp> + duration('90m'))",
        "(<timestamp> - duration('1ms'))",
        "coalesce(<timestamp>, now())",
    ],
}
_LEAVES: Mapping[str, Sequence[str]] = {
    "bool": ["active", "flag", "current_user.admin", "true"],
    "int": ["qty", "count", "1", "-7", "0", "current_user.level"],
    "decimal": ["amount", "price", "total", "amount"],
    "double": ["ratio", "ratio", "2.0", "current_user.ratio"],
    "string": ["name", "code", "'a'", "'É'", "current_user.name", "current_user.nobody"],
    "date": ["due", "born", "today()", "date('2026-07-05')"],
    "timestamp": ["at", "since", "now()", "current_user.started"],
}


def generated(random: Random, kind: str = "bool", depth: int = 4) -> str:
    """Returns an expression of a type."""
    if depth == 0 or (depth < 4 and random.random() < 0.25):
        return random.choice(_LEAVES[kind])
    pieces = re.split(r"<(\w+)>", random.choice(_FORMS[kind]))
    return "".join(generated(random, piece, depth - 1) if number % 2 else piece for number, piece in enumerate(pieces))
