"""Limits on a query: what is at a limit is answered, what is one beyond it is refused."""

from collections.abc import Callable
from typing import Any

import pytest

from fieldstone.errors import Invalid
from fieldstone.query.aggregate import parse_groups
from fieldstone.query.document import QueryDocument
from fieldstone.query.parse import parse_query
from fieldstone.query.storage import FieldShape, ObjectShape, Storage, StorageClass
from fieldstone.query.viewpoint import NOWHERE
from fieldstone.settings import Limits

NAMES = ("id", "a", "b", "c", "d")
SHAPE = ObjectShape("thing", {name: FieldShape(name, Storage(StorageClass.TEXT), "text") for name in NAMES})
MOST = 3


def nested(levels: int) -> dict[str, Any]:
    """Returns a where with so many levels below its first."""
    where: dict[str, Any] = {"a": "x"}
    for _ in range(levels):
        where = {"$and": [where]}
    return where


LIMITED: dict[str, Callable[[int], dict[str, Any]]] = {
    "list_values": lambda count: {"where": {"a": {"$in": [str(number) for number in range(count)]}}},
    "where_terms": lambda count: {"where": {"$or": [{"a": str(number)} for number in range(count)]}},
    "where_depth": lambda count: {"where": nested(count)},
    "order_keys": lambda count: {"order_by": list(NAMES[1 : count + 1])},
    "offset": lambda count: {"offset": count},
    "group_keys": lambda count: {"group_by": list(NAMES[1 : count + 1])},
    "aggregations": lambda count: {
        "aggregations": [{"function": "count", "alias": f"n{number}"} for number in range(count)]
    },
}


def parsed(limit: str, count: int) -> object:
    """Returns what a document that asks for so much becomes."""
    document = QueryDocument(**LIMITED[limit](count))
    limits = Limits(**{limit: MOST})
    if document.asks_for_groups:
        return parse_groups(document, SHAPE, limits, NOWHERE, max_page=200, default_page=50)
    return parse_query(document, SHAPE, limits, max_page=200, default_page=50)


@pytest.mark.parametrize("limit", LIMITED)
def test_what_is_at_a_limit_is_answered_and_what_is_beyond_is_refused(limit: str) -> None:
    assert parsed(limit, MOST)
    with pytest.raises(Invalid) as refused:
        parsed(limit, MOST + 1)
    assert str(MOST) in refused.value.message
