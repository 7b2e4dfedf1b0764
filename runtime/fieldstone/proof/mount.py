"""A mount: a surface as those who use it see it, whatever its dialect. Its routes come from the table that mounts them."""

from collections.abc import Mapping
from typing import Any

import msgspec

from fieldstone.kinds.api import DataOperation
from fieldstone.proof.wire import Answer
from fieldstone.surfaces.rest.table import Route, RouteTable


class Person(msgspec.Struct, frozen=True):
    """Somebody who asks: with a session token, an API key, both on their own surfaces, or nothing."""

    name: str
    session: str | None = None
    key: str | None = None


class Listing(msgspec.Struct, frozen=True):
    """A page of a list; `total` is None on a surface that does not count."""

    items: list[dict[str, Any]]
    cursor: str | None
    total: int | None


class Refusal(msgspec.Struct, frozen=True):
    """The error of an answer."""

    code: str
    message: str
    details: Mapping[str, Any]


class Mount:
    """One surface of a running app."""

    def __init__(self, table: RouteTable) -> None:
        self._api = table.dialect.api
        self._wrapped = self._api.envelope == "data"
        self.table = table
        self.name = self._api.name
        self.whole_language = self._api.queries == "objectql"
        self.limit, self.cursor = self._api.pager.limit, self._api.pager.cursor

    def routes(self, operation: DataOperation) -> list[Route]:
        """Returns the routes of a data operation, in their order."""
        return [route for route in self.table.routes if route.declaration.operation == operation]

    def shown(self, object_name: str, record_id: str) -> str:
        """Returns an id as it is written here."""
        if self._api.idents == "plain":
            return record_id
        named, face = self._api.objects.get(object_name), self.table.dialect.objects.get(object_name)
        own = face.object.declaration.id_prefix if face else None
        return f"{(named.id_prefix if named else None) or own or ''}{record_id}"

    def path(self, route: Route, **places: str) -> str:
        """Returns the path of a route with its places filled in."""
        return route.template.format(**places)

    def headers(self, person: Person) -> dict[str, str]:
        """Returns how somebody shows here who he is: by his session where bearers are taken, else by his key."""
        for scheme in self._api.auth:
            secret = person.session or person.key if scheme.scheme == "bearer" else person.key
            if secret is not None:
                return {scheme.header: secret} if scheme.header else {"Authorization": f"Bearer {secret}"}
        return {}

    def one(self, answer: Answer) -> Any:
        """Returns the single value of an answer."""
        return answer.json["data"] if self._wrapped else answer.json

    def page(self, answer: Answer) -> Listing:
        """Returns the page of an answer."""
        body = answer.json
        if self._wrapped:
            return Listing(body["data"], body["next_cursor"], None)
        return Listing(body["items"], body["nextCursor"], body.get("total"))

    def refusal(self, answer: Answer) -> Refusal:
        """Returns the error of an answer."""
        error = answer.json if self._api.errors == "flat" else answer.json["error"]
        return Refusal(error["code"], error["message"], error["details"])
