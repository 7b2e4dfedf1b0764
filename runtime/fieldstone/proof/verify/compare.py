"""Two answers to one request, from worlds that differ in what the caller may not see: alike to the byte, or not.

What may differ is named, and nothing else: DESIGN.md, "Declared disclosures".
"""

import csv
from collections.abc import Container, Iterator, Mapping
from typing import Any

import msgspec

from fieldstone.proof.wire import Answer

VERSION = "the version and the last change of a record whose hidden fields change"
CLASH = "a clash of a unique key"
RESTRICTED = "a delete refused because something refers to the record"
BUDGET = "a query refused by a budget"
DECLARED = "a value that says what it discloses"
EXPLAINED = "how many rows a query reads, for a holder of `query:explain`"

_BY_CODE: Mapping[str, str] = {
    "UNIQUE_VIOLATION": CLASH,
    "DELETE_RESTRICTED": RESTRICTED,
    "QUERY_TOO_EXPENSIVE": BUDGET,
}


class Difference(msgspec.Struct, frozen=True):
    """How two answers differ: by a disclosure that is declared, or (None) by what nobody should tell."""

    disclosure: str | None
    one: str
    other: str


def difference(one: Answer, other: Answer, discloses: Container[str]) -> Difference | None:
    """Returns how two answers differ, None when they do not; `discloses` are the fields that declare what they tell."""
    first, second = one.without(), other.without()
    if first == second:
        return None
    told = _disclosed(one, other, discloses)
    return Difference(told, _part(first, second), _part(second, first))


def version_alone(one: Answer, other: Answer) -> bool:
    """Tells whether two answers differ in nothing but the version of records and the instant of their last change."""
    names = ("version", "updated_at", "Version", "Updated")
    return _without(one, names) == _without(other, names)


def random_parts(one: Answer, again: Answer, other: Answer) -> bool:
    """Tells whether answers differ only in values that differ when the same is asked twice: in tokens made at random."""
    if not (one.status == again.status == other.status):
        return False
    first, second, third = (dict(_leaves(answer)) for answer in (one, again, other))
    if not (first.keys() == second.keys() == third.keys()):
        return False
    made_anew = {path for path in first if first[path] != second[path]}
    return {path for path in first if first[path] != third[path]} <= made_anew


def _disclosed(one: Answer, other: Answer, discloses: Container[str]) -> str | None:
    """Returns the declared disclosure that makes two answers differ, None when none does."""
    codes = [set(_codes(answer)) for answer in (one, other)]
    for code in sorted(codes[0] ^ codes[1]):
        if found := _BY_CODE.get(code):
            return found
    for names, told in ((discloses, DECLARED), (("estimatedRows",), EXPLAINED)):
        if _without(one, names) == _without(other, names):
            return told
    return None


def _codes(answer: Answer) -> Iterator[str]:
    """Yields every error code in an answer."""
    for path, value in _leaves(answer):
        if path.rpartition(".")[2] == "code" and isinstance(value, str):
            yield value


def _without(answer: Answer, names: Container[str]) -> tuple[int, tuple[tuple[str, Any], ...]]:
    """Returns what an answer's body says but for some fields; the tag that stands for the body goes with them."""
    kept = ((path, value) for path, value in _leaves(answer) if not any(part in names for part in path.split(".")))
    return answer.status, tuple(kept)


def _leaves(answer: Answer) -> Iterator[tuple[str, Any]]:
    """Yields every value of a JSON body with its path, and every cell of a table with its heading; any other body is one value.

    The id of the request is taken out.
    """
    body = answer.without()[2]
    if answer.headers.get("content-type", "").startswith("text/csv"):
        headings, *rows = list(csv.reader(body.decode().splitlines(keepends=True))) or [[]]
        for number, row in enumerate([headings, *rows]):
            yield from ((f"[{number}].{heading}", cell) for heading, cell in zip(headings, row, strict=True))
        return
    try:
        yield from _walk("", msgspec.json.decode(body))
    except msgspec.DecodeError:
        yield "", body.decode(errors="replace")


def _walk(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for name, part in value.items():
            yield from _walk(f"{path}.{name}", part)
    elif isinstance(value, list) and value:
        for number, part in enumerate(value):
            yield from _walk(f"{path}[{number}]", part)
    else:
        yield path, value


def _part(one: tuple[int, Mapping[str, str], bytes], other: tuple[int, Mapping[str, str], bytes]) -> str:
    """Returns where an answer first differs from another, with a little of what stands around."""
    if one[0] != other[0]:
        return f"status {one[0]}: {one[2].decode(errors='replace')[:200]}"
    if one[2] == other[2]:
        apart = sorted(name for name in {*one[1], *other[1]} if one[1].get(name) != other[1].get(name))
        return ", ".join(f"{name}: {one[1].get(name)}" for name in apart)
    text, rival = one[2].decode(errors="replace"), other[2].decode(errors="replace")
    at = next(
        (index for index, pair in enumerate(zip(text, rival, strict=False)) if pair[0] != pair[1]),
        min(len(text), len(rival)),
    )
    return f"{'...' if at > 60 else ''}{text[max(0, at - 60) : at + 100]}"
