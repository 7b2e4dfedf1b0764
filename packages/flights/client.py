"""The few calls of the data API that loading and asking need, over HTTP."""

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import httpx
import msgspec

# Decimals travel as JSON numbers with all their digits, both ways.
_ENCODER = msgspec.json.Encoder(decimal_format="number")


class Refused(Exception):
    """A request that the server did not answer as hoped; the message holds what it said."""


class Answer(msgspec.Struct, frozen=True):
    """A page of a list: numbers with a point come as Decimal; `cursor` is None on the last page."""

    items: list[dict[str, Any]]
    total: int
    cursor: str | None


class DataApi:
    """The data API of one server, as one signed-in caller."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        """Takes a client whose base address is the server's and whose headers carry the credential."""
        self._http = http

    async def create(self, object_name: str, records: Sequence[dict[str, Any]]) -> list[str]:
        """Creates records in one batch, all or none, and returns their ids in the same order."""
        body = {"operation": "create", "records": [{"data": record} for record in records], "options": {"atomic": True}}
        answer = await self._call("POST", f"/api/v1/data/{object_name}/batch", body)
        if not answer["success"]:
            failed = [result for result in answer["results"] if not result["success"] and result.get("errors")]
            raise Refused(f"{answer['failed']} of {answer['total']} {object_name} records failed: {failed[:3]}")
        return [result["id"] for result in answer["results"]]

    async def delete(self, object_name: str, record_id: str) -> None:
        """Deletes one record."""
        await self._call("DELETE", f"/api/v1/data/{object_name}/{record_id}")

    async def list(self, object_name: str, where: dict[str, Any], **parameters: str | int) -> Answer:
        """Reads a page by `GET /data/:object`; `parameters` are those of the route (orderBy, limit, select, expand)."""
        query = {"where": json.dumps(where), **parameters}
        return _answer(await self._call("GET", f"/api/v1/data/{object_name}?{httpx.QueryParams(query)}"))

    async def query(self, object_name: str, document: dict[str, Any]) -> Answer:
        """Reads a page by `POST /data/:object/query`, with a whole query document."""
        return _answer(await self._call("POST", f"/api/v1/data/{object_name}/query", document))

    async def id_of(self, object_name: str, field: str, value: str) -> str:
        """Returns the id of the one record whose field has a value."""
        found = await self.list(object_name, {field: value}, select="id")
        if found.total != 1:
            raise Refused(f"{found.total} {object_name} records have {field} {value}, not one.")
        record_id: str = found.items[0]["id"]
        return record_id

    async def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        content = None if body is None else _ENCODER.encode(body)
        answer = await self._http.request(method, path, content=content, headers={"Content-Type": "application/json"})
        if not answer.is_success:
            raise Refused(f"{method} {path.partition('?')[0]} answered {answer.status_code}: {answer.text[:2000]}")
        return json.loads(answer.content, parse_float=Decimal)


def _answer(body: dict[str, Any]) -> Answer:
    return Answer(items=body["items"], total=body["total"], cursor=body.get("nextCursor"))
