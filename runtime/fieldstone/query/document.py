"""A query as it was sent: raw values, no name in it looked up yet.

Every face (GET parameters, POST bodies, dialects, GraphQL later) fills one of these; `query/parse.py` turns it into a
`Query` against the fields that its caller may see, so that a hidden field is refused exactly as an unknown one.
"""

from typing import Any

import msgspec


class QueryDocument(msgspec.Struct, frozen=True):
    """The keys of contract 1.1 that are understood so far; `UNSET` is "not sent".

    `where` is a condition tree, `orderBy` a list of `{field, order}` or a text such as `-priority,created_at`, `fields` a list
    of names, `expand` a list of reference fields, `cursor` the opaque text of an earlier page. `equals` holds
    bare field parameters of a GET (name -> text), each AND-ed as an equality. `count=False` leaves `total` out.
    """

    where: Any = msgspec.UNSET
    order_by: Any = msgspec.UNSET
    fields: Any = msgspec.UNSET
    limit: int | msgspec.UnsetType = msgspec.UNSET
    offset: int | msgspec.UnsetType = msgspec.UNSET
    cursor: str | msgspec.UnsetType = msgspec.UNSET
    expand: Any = msgspec.UNSET
    count: bool = True
    equals: dict[str, str] = {}
