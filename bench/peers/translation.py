"""Requests to Fieldstone, told to PocketBase: the same record, the same page of the same rows, the same values written.

What has no counterpart there is refused: a cursor, a search for words, an aggregate.
"""

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

import msgspec

from bench.requests import Request

OURS = "/api/v1/data/"
COMPARISONS = {"$eq": "=", "$ne": "!=", "$gt": ">", "$gte": ">=", "$lt": "<", "$lte": "<=", "$contains": "~"}
MOST_A_PAGE = 1_000
_ID = re.compile(r'"[0-9A-HJKMNP-TV-Z]{26}"')


class NoCounterpart(Exception):
    """A request that PocketBase has nothing for."""


def lowered(text: str) -> str:
    """Returns a JSON text with its ids in small letters."""
    return _ID.sub(lambda found: found[0].lower(), text)


def translated(request: Request, owner_id: str) -> Request:
    """Returns what asks PocketBase for the same; records that are made belong to `owner_id`."""
    request = msgspec.structs.replace(request, body=lowered(request.body.decode()).encode())
    parts = urlsplit(request.target)
    path = parts.path.removeprefix(OURS).split("/")
    if not parts.path.startswith(OURS) or len(path) > 2:
        raise NoCounterpart(request.target)
    records = f"/api/collections/{path[0]}/records"
    query = dict(parse_qsl(parts.query))
    if path[1:] == ["batch"]:
        return Request("POST", "/api/batch", _batch(json.loads(request.body), records, owner_id))
    if len(path) == 1 and request.method == "GET":
        return Request("GET", f"{records}?{urlencode(_page(query))}")
    if len(path) == 1:
        return Request("POST", records, json.dumps(json.loads(request.body) | {"owner_id": owner_id}).encode())
    expanded = f"?{urlencode({'expand': query['expand']})}" if "expand" in query else ""
    return Request(request.method, f"{records}/{unquote(path[1]).lower()}{expanded}", request.body)


def filter_of(where: Mapping[str, Any]) -> str:
    """Returns PocketBase's filter of a `where` of fields and comparisons."""
    terms = []
    for name, condition in where.items():
        comparisons = condition if isinstance(condition, dict) else {"$eq": condition}
        for operator, value in comparisons.items():
            if operator not in COMPARISONS or isinstance(value, list | dict):
                raise NoCounterpart(f"{name}: {condition}")
            terms.append(f"{name} {COMPARISONS[operator]} {json.dumps(value)}")
    return " && ".join(terms)


def _page(query: Mapping[str, str]) -> dict[str, str]:
    """Returns the parameters of a page; records of one place in the order follow by their ids, as ours do."""
    asked = dict(query)
    limit, offset = int(asked.pop("limit")), int(asked.pop("offset", "0"))
    if offset % limit or limit > MOST_A_PAGE:
        raise NoCounterpart(f"{limit} records from {offset} on")
    made = {"perPage": str(limit), "page": str(offset // limit + 1)}
    if "where" in asked:
        made["filter"] = filter_of(json.loads(asked.pop("where")))
    made["sort"] = ",".join([*asked.pop("orderBy").split(","), "id"]) if "orderBy" in asked else "id"
    if asked.pop("count", "true") == "false":
        made["skipTotal"] = "1"
    if "expand" in asked:
        made["expand"] = asked.pop("expand")
    if asked:
        raise NoCounterpart(", ".join(asked))
    return made


def _batch(body: Mapping[str, Any], records: str, owner_id: str) -> bytes:
    if body["operation"] != "create":
        raise NoCounterpart(f"a batch of {body['operation']}")
    requests = [
        {"method": "POST", "url": records, "body": record["data"] | {"owner_id": owner_id}}
        for record in body["records"]
    ]
    return json.dumps({"requests": requests}).encode()
