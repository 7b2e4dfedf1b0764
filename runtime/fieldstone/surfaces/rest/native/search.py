"""The handler of `/search`: records of all objects of the surface by their words (contract 9.4)."""

from collections.abc import Mapping
from typing import Any

import msgspec

from fieldstone.errors import Invalid, NotFound
from fieldstone.query.names import shown
from fieldstone.services.search import Hit, Searching
from fieldstone.surfaces.http.parameters import whole_number
from fieldstone.surfaces.http.request import Response
from fieldstone.surfaces.rest.handlers import json_answer
from fieldstone.surfaces.rest.table import Call, HandlerPart, ParameterNote

LIMIT, MOST = 20, 100
EACH, MOST_EACH = 5, 25
"""Of one object alone, as many are answered as in all."""


class SearchHit(msgspec.Struct):
    """A record that was found: its title, the text around its words, how well it matches (0 to 1), and itself."""

    object: str
    id: str
    title: str
    snippet: str | None
    score: float
    record: dict[str, Any]


class SearchAnswer(msgspec.Struct):
    """The best records, first those that match best; `hits` is another name of `items`. With `truncated` there are more."""

    query: str
    items: list[SearchHit]
    hits: list[SearchHit]
    total: int
    truncated: bool


async def _search(service: Searching, call: Call) -> Response:
    text = call.parameters.get("q", "")
    named = _named(call)
    limit = _count(call, "limit", LIMIT, MOST)
    alone = named is not None and len(named) == 1
    each = _count(call, "perObject", limit if alone else EACH, MOST if alone else MOST_EACH)
    if named is None:
        faces = call.dialect.objects.items()
        named = service.searched(call.caller, [name for name, face in faces if "list" in face.operations])
    answer = await service.search(call.caller, text, named, limit=limit, each=each)
    hits = [_shown(call, hit) for hit in answer.hits]
    return json_answer(SearchAnswer(text, hits, hits, answer.total, answer.truncated))


def _named(call: Call) -> tuple[str, ...] | None:
    """Returns the objects that are to be searched, in the order in which they were named; None where none was."""
    one, several = (call.parameters.get(name) for name in ("object", "objects"))
    if one is None and several is None:
        return None
    if one is not None and several is not None:
        raise Invalid(
            "`object` takes the place of `objects`.", reason="INVALID_QUERY", path="object", hint="Send one of the two."
        )
    names = tuple(dict.fromkeys([one] if one is not None else str(several).split(",")))
    for name in names:
        if name not in call.dialect.objects:
            raise NotFound(f"No object `{shown(name)}`.", details={"object": shown(name)})
    return names


def _count(call: Call, name: str, default: int, most: int) -> int:
    text = call.parameters.get(name)
    if text is None:
        return default
    count = whole_number(name, text)
    if not count:
        raise Invalid(f"`{name}` is a whole number above zero.", reason="INVALID_QUERY", path=name)
    return min(count, most)


def _shown(call: Call, hit: Hit) -> SearchHit:
    codec = call.dialect.objects[hit.object].codec
    return SearchHit(
        object=hit.object,
        id=codec.shown(hit.id),
        title=hit.title,
        snippet=hit.snippet,
        score=hit.score,
        record=codec.record(hit.columns, hit.row),
    )


def _whole(default: int, most: int) -> dict[str, Any]:
    return {"type": "integer", "minimum": 1, "default": default, "description": f"More than {most} counts as {most}."}


SEARCH_HANDLERS: Mapping[str, HandlerPart[Any]] = {
    "search": HandlerPart(
        _search,
        "Find records of all objects by their words",
        answer=SearchAnswer,
        parameters=(
            ParameterNote(
                "q",
                "Words that must all occur, each at the beginning of a word of some searchable field;"
                " in quotes, as they are. Without any, nothing is found.",
            ),
            ParameterNote("object", "The one object to search."),
            ParameterNote(
                "objects", "The objects to search, separated by commas; all that one may search unless said."
            ),
            ParameterNote("limit", "How many records at most.", _whole(LIMIT, MOST)),
            ParameterNote("perObject", "How many records of one object at most.", _whole(EACH, MOST_EACH)),
        ),
        refusals=(404, 405),
    ),
}
"""Handlers over a `Searching`."""
