"""Spellings: how a query document is written in GET parameters, in POST bodies, and how an order is written as a text.

Names are not looked up here; that is done in `query/parse.py`. Refuses unknown keys, a parameter sent twice, two spellings of one
slot that differ, and texts that cannot be read.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from fieldstone.errors import Invalid
from fieldstone.query.document import QueryDocument
from fieldstone.query.names import did_you_mean, shown
from fieldstone.query.repeated_keys import repeated_key
from fieldstone.query.values import exact_number

PARAMETERS: Mapping[str, str] = {
    "where": "where",
    "filter": "where",
    "filters": "where",
    "$filter": "where",
    "orderBy": "order_by",
    "sort": "order_by",
    "$orderby": "order_by",
    "limit": "limit",
    "top": "limit",
    "$top": "limit",
    "offset": "offset",
    "skip": "offset",
    "$skip": "offset",
    "cursor": "cursor",
    "expand": "expand",
    "$expand": "expand",
    "select": "fields",
    "fields": "fields",
    "$select": "fields",
    "count": "count",
    "$count": "count",
    "search": "search",
    "$search": "search",
    "searchFields": "search_fields",
}
"""Every parameter of a list but the bare fields, and the key of the document that it fills (contract 1.2)."""

BODY_KEYS: Mapping[str, str] = {
    "where": "where",
    "orderBy": "order_by",
    "limit": "limit",
    "offset": "offset",
    "cursor": "cursor",
    "expand": "expand",
    "fields": "fields",
    "select": "fields",
    "count": "count",
    "search": "search",
    "searchFields": "search_fields",
    "groupBy": "group_by",
    "aggregations": "aggregations",
    "having": "having",
    "distinct": "distinct",
    "timezone": "timezone",
}
"""Every key of a body but `object`, and the key of the document that it fills (contract 1.1)."""

_ONLY_IN_BODIES = frozenset({"groupBy", "aggregations", "having", "distinct"})
_REFUSED = {"joins": "Paths such as `customer.region` lead to related records, and `expand` answers them."}

_JSON = msgspec.json.Decoder(float_hook=exact_number)


def read_parameters(pairs: Iterable[tuple[str, str]]) -> QueryDocument:
    """Returns the document of decoded GET parameters; a parameter that is not one of `PARAMETERS` is a bare field. Raises Invalid."""
    sent: dict[str, tuple[str, str]] = {}
    equals: dict[str, str] = {}
    seen: set[str] = set()
    for name, value in pairs:
        if name in seen:
            raise _invalid(f"`{shown(name)}` is sent twice.", name)
        seen.add(name)
        if name in _ONLY_IN_BODIES:
            raise _invalid(
                f"`{name}` is no parameter of a list.", name, "Send it in the body of a POST to `.../query`."
            )
        slot = PARAMETERS.get(name)
        if slot is None:
            equals[name] = value
        elif slot not in sent:
            sent[slot] = (name, value)
        elif sent[slot][1] != value:
            raise _invalid(f"`{sent[slot][0]}` and `{name}` are the same parameter and differ.", name)
    values = {slot: _PARAMETER_READERS[slot](name, value) for slot, (name, value) in sent.items()}
    return QueryDocument(equals=equals, **values)


def read_body(body: Any, object_name: str) -> QueryDocument:
    """Returns the document of a decoded POST body to the query route of an object. Raises Invalid."""
    if type(body) is not dict:
        raise Invalid("A query is an object.", reason="INVALID_QUERY")
    values: dict[str, Any] = {}
    for key, value in body.items():
        if key == "object":
            if value != object_name:
                raise _invalid(f"The query is sent to `{object_name}` and names another object.", key)
            continue
        slot = BODY_KEYS.get(key)
        if slot is None:
            hint = _REFUSED.get(key) or did_you_mean(key, ("object", *BODY_KEYS))
            raise _invalid(f"A query has no key `{shown(key)}`.", key, hint)
        if slot in values and values[slot] != value:
            raise _invalid("`fields` and `select` are the same key and differ.", key)
        values[slot] = value
    if type(values.get("count", True)) is not bool:
        raise _invalid("`count` is `true` or `false`.", "count")
    return QueryDocument(**values)


def read_order(order: Any) -> list[tuple[Any, bool]]:
    """Returns the sort keys of any spelling of an order as pairs of a name and "is descending". Raises Invalid.

    It may be a text (`-priority,created_at`, `name asc`, or JSON of the following), a list of such texts or of
    `{"field": ..., "order": ...}`, or an object such as `{"name": "desc"}`.
    """
    if type(order) is str:
        if not order.lstrip().startswith(("[", "{")):
            return [_text_key(part, "orderBy") for part in order.split(",")]
        order = _json("orderBy", order, "INVALID_SORT")
    if type(order) is dict:
        return [(name, _direction(given, f"orderBy.{shown(name)}")) for name, given in order.items()]
    if type(order) is not list:
        raise _bad_order("An order is a text or a list.", "orderBy")
    return [_item_key(item, f"orderBy.{index}") for index, item in enumerate(order)]


def _text_key(part: str, path: str) -> tuple[str, bool]:
    words = part.split()
    if len(words) == 2:
        return words[0], _direction(words[1].lower(), path)
    if len(words) != 1 or ":" in part:
        raise _bad_order(f"`{shown(part)}` is no sort key.", path)
    name = words[0]
    return (name[1:], True) if name.startswith("-") else (name, False)


def _item_key(item: Any, path: str) -> tuple[Any, bool]:
    if type(item) is str:
        return _text_key(item, path)
    if type(item) is not dict or "field" not in item or not item.keys() <= {"field", "order"}:
        raise _bad_order('A sort key is a text or {"field": ..., "order": ...}.', path)
    return item["field"], _direction(item.get("order", "asc"), f"{path}.order")


def _direction(given: Any, path: str) -> bool:
    if given == "desc":
        return True
    if given == "asc":
        return False
    raise _bad_order("The direction is `asc` or `desc`.", path)


def _bad_order(message: str, path: str) -> Invalid:
    return Invalid(message, reason="INVALID_SORT", path=path, hint="Such as `-priority,created_at` or `name asc`.")


def _json(name: str, text: str, reason: str) -> Any:
    try:
        value = _JSON.decode(text)
        repeated = repeated_key(text.encode(), value)
    except (msgspec.MsgspecError, UnicodeEncodeError):
        raise Invalid(f"`{name}` is not JSON.", reason=reason, path=name) from None
    except RecursionError:
        raise Invalid(f"`{name}` is nested too deep.", reason=reason, path=name) from None
    if repeated is not None:
        raise Invalid(f"`{name}` gives `{shown(repeated)}` twice in one object.", reason=reason, path=name)
    return value


def _where(name: str, text: str) -> Any:
    return _json(name, text, "INVALID_FILTER")


def _whole_number(name: str, text: str) -> int:
    digits = text.removeprefix("-")
    if not digits.isascii() or not digits.isdigit() or len(digits) > 18:
        raise _invalid(f"`{name}` is a whole number.", name)
    return int(text)


def _flag(name: str, text: str) -> bool:
    if text not in ("true", "false"):
        raise _invalid(f"`{name}` is `true` or `false`.", name)
    return text == "true"


def _names(_name: str, text: str) -> list[str]:
    return [part.strip() for part in text.split(",")]


def _expand(name: str, text: str) -> Any:
    return _json(name, text, "INVALID_QUERY") if text.lstrip().startswith(("[", "{")) else _names(name, text)


def _as_it_is(_name: str, text: str) -> str:
    return text


_PARAMETER_READERS = {
    "where": _where,
    "order_by": _as_it_is,
    "limit": _whole_number,
    "offset": _whole_number,
    "cursor": _as_it_is,
    "expand": _expand,
    "fields": _names,
    "count": _flag,
    "search": _as_it_is,
    "search_fields": _names,
}


def _invalid(message: str, path: Any, hint: str | None = None) -> Invalid:
    return Invalid(message, reason="INVALID_QUERY", path=shown(path), hint=hint)
