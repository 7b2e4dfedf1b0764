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
    `search` is a text whose words must occur, or `{query, fields}`, and `searchFields` a list of names.

    A document that asks for groups in place of records holds `groupBy`, a list of names and of `{field, dateGranularity, alias}`,
    `aggregations`, a list of `{function, field, alias, filter}`, `having`, a condition tree over the groups, `timezone`, the zone in which
    days begin, or `distinct` with `fields`.
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
    search: Any = msgspec.UNSET
    search_fields: Any = msgspec.UNSET
    group_by: Any = msgspec.UNSET
    aggregations: Any = msgspec.UNSET
    having: Any = msgspec.UNSET
    timezone: Any = msgspec.UNSET
    distinct: Any = False

    @property
    def searches(self) -> bool:
        """Whether it looks for words."""
        return self.search is not msgspec.UNSET

    @property
    def asks_for_groups(self) -> bool:
        """Whether it is answered by groups of records and what is computed over them."""
        return (
            self.group_by is not msgspec.UNSET
            or self.aggregations is not msgspec.UNSET
            or self.having is not msgspec.UNSET
            or self.timezone is not msgspec.UNSET
            or self.distinct is not False
        )
