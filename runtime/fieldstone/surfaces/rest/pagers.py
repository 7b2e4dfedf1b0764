"""The table `pagers`: which parameters of a list say which page, and the page size where none do."""

from collections.abc import Mapping

import msgspec

from fieldstone.kinds.api import Pager
from fieldstone.query.document import QueryDocument
from fieldstone.surfaces.http.parameters import whole_number
from fieldstone.surfaces.rest.table import PagerPart, Paging, ParameterNote


def page_query(pager: Pager, paging: Paging, query: QueryDocument) -> QueryDocument:
    """Returns a query with its page: what the pager read, else what the query says itself, within what the api allows."""
    limit = query.limit if paging.limit is msgspec.UNSET else paging.limit
    if limit is msgspec.UNSET:
        limit = pager.default_limit
    elif pager.max_limit is not None and type(limit) is int:
        limit = min(limit, pager.max_limit)
    cursor = query.cursor if paging.cursor is msgspec.UNSET else paging.cursor
    return msgspec.structs.replace(query, limit=limit, cursor=cursor)


def _read_nothing(_pager: Pager, _parameters: dict[str, str]) -> Paging:
    return Paging()


def _read_cursor(pager: Pager, parameters: dict[str, str]) -> Paging:
    text = parameters.pop(pager.limit, None)
    limit = msgspec.UNSET if text is None else whole_number(pager.limit, text)
    return Paging(limit=limit, cursor=parameters.pop(pager.cursor, msgspec.UNSET))


def _cursor_notes(pager: Pager) -> tuple[ParameterNote, ...]:
    return (
        ParameterNote(
            pager.limit,
            "How many records at most.",
            {"type": "integer", "minimum": 1, "default": pager.default_limit},
        ),
        ParameterNote(pager.cursor, "Where the page begins: what the page before named as the next."),
    )


def _objectql_notes(pager: Pager) -> tuple[ParameterNote, ...]:
    offset = ParameterNote(
        "offset", "How many records to pass over; not beside a cursor.", {"type": "integer", "minimum": 0}
    )
    return (*_cursor_notes(pager), offset)


PAGERS: Mapping[str, PagerPart] = {
    "objectql": PagerPart(
        summary="`limit`, and `cursor` or `offset`, as the query language has them.",
        read=_read_nothing,
        notes=_objectql_notes,
        renames=False,
    ),
    "cursor": PagerPart(
        summary="A limit and a cursor, under the names that the api gives them.",
        read=_read_cursor,
        notes=_cursor_notes,
        renames=True,
    ),
}
