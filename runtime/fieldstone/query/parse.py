"""Query documents become Queries: every name is looked up, every value brought to wire form, every bound kept.

Apply or refuse: whatever a document asks for is in the Query that comes back, or Invalid says what is wrong, where, and what was
perhaps meant. Names are looked up among the fields that the caller may read, and nowhere else.
"""

from typing import Any

import msgspec

from fieldstone.errors import Invalid
from fieldstone.query.ast import EVERYTHING, Filter, Query, conjunction
from fieldstone.query.document import QueryDocument
from fieldstone.query.expand import NOTHING_EXPANDED, parse_expand, references
from fieldstone.query.order import ID_ALONE, parse_order
from fieldstone.query.projection import parse_fields
from fieldstone.query.search import parse_search
from fieldstone.query.storage import ObjectShape
from fieldstone.query.text_forms import PARAMETERS
from fieldstone.query.viewpoint import NOWHERE, Viewpoint
from fieldstone.query.where import Conditions
from fieldstone.settings import Limits

UNSET = msgspec.UNSET
_OTHER_PARAMETERS = tuple(name for name in PARAMETERS if name.isalpha())


def parse_query(
    document: QueryDocument,
    shape: ObjectShape,
    limits: Limits,
    *,
    max_page: int,
    default_page: int,
    viewpoint: Viewpoint = NOWHERE,
) -> Query:
    """Returns the checked query of a document; a limit above `max_page` is cut to it. Raises Invalid."""
    if document.asks_for_groups:
        raise Invalid(
            "This is answered by records, and the query asks for groups.", reason="INVALID_QUERY", path="groupBy"
        )
    values: list[Any] = []
    where = _where(document, shape, limits, values, viewpoint)
    expand, expanding = NOTHING_EXPANDED
    if document.expand is not UNSET:
        expand, expanding = parse_expand(document.expand, shape, limits, viewpoint)
    limit, offset, cursor = parse_paging(document, limits, max_page, default_page)
    return Query(
        columns=parse_fields(document.fields, shape, references(expand)),
        where=where,
        order=ID_ALONE if document.order_by is UNSET else parse_order(document.order_by, shape, limits, viewpoint),
        values=tuple(values),
        limit=limit,
        offset=offset,
        cursor=cursor,
        expand=expand,
        expanding=expanding,
        count=document.count,
    )


def _where(
    document: QueryDocument, shape: ObjectShape, limits: Limits, values: list[Any], viewpoint: Viewpoint
) -> Filter:
    where = EVERYTHING
    if document.where is not UNSET or document.equals:
        conditions = Conditions(shape, limits, values, viewpoint)
        if document.where is not UNSET:
            where = conditions.tree(document.where)
        if document.equals:
            where = conjunction(where, conditions.equalities(document.equals, _OTHER_PARAMETERS))
    searched = parse_search(document, shape, limits, values)
    return where if searched == EVERYTHING else conjunction(where, searched)


def parse_paging(
    document: QueryDocument, limits: Limits, max_page: int, default_page: int, further: str = "A cursor goes further."
) -> tuple[int, int, str | None]:
    """Returns the page size, how many rows to pass over, and the cursor; raises Invalid, telling what leads `further` than an offset."""
    limit, offset, cursor = document.limit, document.offset, document.cursor
    if limit is UNSET:
        limit = default_page
    elif type(limit) is not int or limit < 1:
        raise _bad_paging("`limit` is a whole number above zero.", "limit")
    if offset is UNSET:
        offset = 0
    elif type(offset) is not int or offset < 0:
        raise _bad_paging("`offset` is a whole number, zero or more.", "offset")
    elif offset > limits.offset:
        raise _bad_paging(f"`offset` is at most {limits.offset}.", "offset", further)
    elif cursor is not UNSET:
        raise _bad_paging("`cursor` takes the place of `offset`.", "cursor", "Send one of the two.")
    if cursor is UNSET:
        return min(limit, max_page), offset, None
    if type(cursor) is not str:
        raise Invalid("`cursor` is the text of `nextCursor`.", reason="INVALID_CURSOR", path="cursor")
    return min(limit, max_page), offset, cursor


def _bad_paging(message: str, path: str, hint: str | None = None) -> Invalid:
    return Invalid(message, reason="INVALID_QUERY", path=path, hint=hint)
