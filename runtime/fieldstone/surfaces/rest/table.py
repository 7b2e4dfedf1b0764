"""What a dialect is made of, as values: the parts it may name, its routes, and the one table of them.

The table mounts the routes, makes the OpenAPI document and the discovery document, and gives tests their roads to the data.
`bind.py` makes it from an api declaration; everything in it that depends on declarations alone is settled there.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Generic, Literal, TypeVar

import msgspec

from fieldstone.access.caller import Caller
from fieldstone.access.policies import Policies
from fieldstone.access.policy import Policy
from fieldstone.engine.operation import Operation
from fieldstone.engine.outcome import Outcome, Page
from fieldstone.identity.credential import Credential
from fieldstone.kinds.api import ApiDeclaration, ApiOperation, AuthScheme, DataOperation, Pager
from fieldstone.query.document import QueryDocument
from fieldstone.query.storage import ObjectShape
from fieldstone.registry.catalog import Object
from fieldstone.services.imports.reading.file import FileReader
from fieldstone.surfaces.http.encode import encode_json
from fieldstone.surfaces.http.errors import ErrorBody
from fieldstone.surfaces.http.request import Request, Response
from fieldstone.surfaces.rest.limits import RouteLimit
from fieldstone.surfaces.rest.records import RecordCodec
from fieldstone.surfaces.rest.router import Found, Router

Schema = dict[str, Any]
"""A JSON Schema in the dialect of OpenAPI 3.0."""

DRY_RUN = "dryRun"
"""The query parameter by which a write is only tried."""

CALL = "actions.call"
"""The handler of the routes by which every action is called by its name."""

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
BodyUse = Literal["none", "optional", "required"]


class ParameterNote(msgspec.Struct, frozen=True):
    """A query parameter as the OpenAPI document tells of it; `about` is what an object must have for it to be told of there."""

    name: str
    description: str
    schema: Mapping[str, Any] = msgspec.field(default_factory=lambda: {"type": "string"})
    required: bool = False
    about: Literal["history", "trash", "search"] | None = None


class EnvelopePart(msgspec.Struct, frozen=True, eq=False):
    """How answers are wrapped: a page of records, and one value. `counts` says that a page shows how many there are in all."""

    summary: str
    counts: bool
    page: Callable[[Sequence[Any], Page, str], Any]
    one: Callable[[Any, str], Any]
    page_schema: Callable[[Schema], Schema]
    one_schema: Callable[[Schema], Schema]


class ErrorPart(msgspec.Struct, frozen=True, eq=False):
    """The shape of errors."""

    summary: str
    body: ErrorBody
    schema: Schema


class Paging(msgspec.Struct, frozen=True):
    """Which page is asked for, as far as it was said."""

    limit: int | msgspec.UnsetType = msgspec.UNSET
    offset: int | msgspec.UnsetType = msgspec.UNSET
    cursor: str | msgspec.UnsetType = msgspec.UNSET


class PagerPart(msgspec.Struct, frozen=True, eq=False):
    """How a list is paged; `read` takes its own parameters out of those that were sent.

    `renames` tells whether the api may give the parameters names of its own.
    """

    summary: str
    read: Callable[[Pager, dict[str, str]], Paging]
    notes: Callable[[Pager], tuple[ParameterNote, ...]]
    renames: bool


class IdentPart(msgspec.Struct, frozen=True, eq=False):
    """What stands before the ids of an object; `prefixes` says whether anything does."""

    summary: str
    prefixes: bool
    prefix: Callable[[ApiDeclaration, Object], str]


class QueryPart(msgspec.Struct, frozen=True, eq=False):
    """How a list is narrowed and cut: from the parameters of a GET (all but the pager's), and from the body of a query.

    The shape, and the names for notes, are those of the fields that the caller may read.
    `shape_of` returns which fields and which expansions one record is asked for. `whole` parts have a language of their own: they take
    a body, and an operation declares no parameters for them.
    """

    summary: str
    from_parameters: Callable[[ApiOperation, ObjectShape, dict[str, str]], QueryDocument]
    from_body: Callable[[str, Any], QueryDocument]
    shape_of: Callable[[dict[str, str]], tuple[Any, Any]]
    list_notes: Callable[[ApiOperation, frozenset[str]], tuple[ParameterNote, ...]]
    record_notes: tuple[ParameterNote, ...]
    whole: bool


class AuthPart(msgspec.Struct, frozen=True, eq=False):
    """A way to show who one is. `ambient` ones are sent by a browser unasked; `named` ones need a header's name."""

    summary: str
    read: Callable[[AuthScheme, Request], Credential | None]
    security: Callable[[AuthScheme], Schema]
    ambient: bool = False
    named: bool = False


class ObjectFace(msgspec.Struct, frozen=True, eq=False):
    """An object on one surface; `operations` are those that it allows, `location` the path of a record with `{id}` in it."""

    object: Object
    codec: RecordCodec
    operations: frozenset[DataOperation]
    location: str | None


class Dialect(msgspec.Struct, frozen=True, eq=False):
    """An api declaration with its parts and the objects as they look on it."""

    api: ApiDeclaration
    envelope: EnvelopePart
    errors: ErrorPart
    pager: PagerPart
    queries: QueryPart
    auth: tuple[tuple[AuthScheme, AuthPart], ...]
    objects: Mapping[str, ObjectFace]

    @property
    def auth_hint(self) -> str:
        """What somebody without a credential may do about it."""
        return f"Send {self.auth[0][1].summary}" if self.auth else ""


class SentFile(msgspec.Struct, frozen=True):
    """A file that was sent as the body of a request; `charset` is what its media type says of the encoding."""

    media_type: bytes
    content: bytes
    charset: str | None


class Call(msgspec.Struct, frozen=True, eq=False):
    """One request on its way through a route: who asks, and all that he sent, decoded.

    `path` holds what stood in the place of the pattern's names, `parameters` the query parameters, `body` None when none was read.
    `policies` tells which names the caller may know: a face says of no other what the door would not say of an unknown one.
    `forward` answers another request on the same surface. `dry` says that the request only tries a write. `files` reads those that were
    sent; one that was sent as the body itself is a `SentFile`.
    """

    request: Request
    credential: Credential | None
    caller: Caller
    policies: Policies
    table: "RouteTable"
    route: "Route"
    path: Mapping[str, str]
    parameters: dict[str, str]
    body: Any
    forward: Callable[[Request], Awaitable[Response]]
    files: FileReader
    dry: bool = False

    @property
    def dialect(self) -> Dialect:
        """The dialect of the surface."""
        return self.table.dialect

    def reading(self, object_name: str) -> Policy:
        """Returns what the caller may read of an object."""
        return self.policies.policy(self.caller, object_name, "read")

    def readable(self, object_name: str) -> frozenset[str]:
        """Returns the fields of an object that the caller may read."""
        return self.reading(object_name).readable

    def known(self, object_name: str) -> frozenset[str]:
        """Returns the fields of an object that the caller may read or set."""
        return self.policies.known(self.caller, object_name)

    def wrapped(self, value: Any) -> bytes:
        """Returns the body of an answer that is one value."""
        return encode_json(self.dialect.envelope.one(value, self.request.id))


class DataPart(msgspec.Struct, frozen=True, eq=False):
    """How one of the data operations is read from a call and how its outcome is answered.

    `body_type` and `answer_type` are there where body and answer are the same for every object, `or_else` where a surface with the whole
    query language may answer that in place of records. What `writes` may be done once, and tried dry where it `tries`. `parameters` are
    the query parameters that it reads itself. Where there is a `read`, what it makes of a call stands in the place of its body; it may take
    its time. `media` are the media types of files that may be sent as the body itself. Where it `repeats`, the same query string asks for
    the same under the same policy, unless ids have prefixes.
    """

    summary: str
    body: BodyUse
    operation: Callable[[Call, ObjectFace], Operation]
    answer: Callable[[Call, ObjectFace, Outcome], Response]
    body_type: type[msgspec.Struct] | None = None
    answer_type: type[msgspec.Struct] | None = None
    or_else: type[msgspec.Struct] | None = None
    writes: bool = False
    tries: bool = True
    parameters: tuple[ParameterNote, ...] = ()
    read: Callable[[Call, ObjectFace], Awaitable[Any]] | None = None
    media: frozenset[bytes] = frozenset()
    repeats: bool = False


class AcrossPart(msgspec.Struct, frozen=True, eq=False):
    """How an operation that is about no single object is read from a call and how its outcome is answered; it writes."""

    summary: str
    operation: Callable[[Call], Operation]
    answer: Callable[[Call, Outcome], Response]
    body_type: type[msgspec.Struct]
    answer_type: type[msgspec.Struct]
    body: BodyUse = "required"
    writes: Literal[True] = True
    tries: Literal[True] = True


Service = TypeVar("Service")


class HandlerPart(msgspec.Struct, Generic[Service], frozen=True, eq=False):
    """A named handler: a function over a service that `app.py` hands in.

    `body` is the Struct that the body must fit, `answer` the one that is answered (None: no JSON of a known shape), `many` of them in a
    list, or `or_else` or null (`or_null`) in its place. `refusals` are the statuses by which it refuses, beside those of every route, and
    `refusal` is a shape of its own in which it does. `parameters` are the query parameters that it reads; others are refused before it is
    called, unless a foreign system sends them (`foreign`), whose answers may hold more than is known here. `form` says that the body may
    come as a form, too, `tagged` that the answer has an ETag and is not sent again to whoever has it. `guessed` ones take what may be
    guessed at, a password or a code: a route to them has an exact rate limit by address. `making` ones answer 201 for what they make.
    """

    function: Callable[[Service, Call], Awaitable[Response]]
    summary: str
    body: type[msgspec.Struct] | None = None
    answer: type[msgspec.Struct] | None = None
    or_else: type[msgspec.Struct] | None = None
    or_null: bool = False
    refusals: tuple[int, ...] = ()
    refusal: type[msgspec.Struct] | None = None
    many: bool = False
    status: int = 200
    media_type: str = "application/json"
    parameters: tuple[ParameterNote, ...] = ()
    foreign: bool = False
    form: bool = False
    tagged: bool = False
    guessed: bool = False
    making: bool = False


class Handler(msgspec.Struct, frozen=True, eq=False):
    """A handler with its service in it."""

    part: HandlerPart[Any]
    answer: Callable[[Call], Awaitable[Response]]


class Route(msgspec.Struct, frozen=True, eq=False):
    """One declared operation, bound: `data` or `handler` is there, never both.

    `template` is the path with the base path, `body` says whether one is read. `object` is the one object it is about; None: the one
    that `{object}` names, or none. `holders` are the permission sets that carry the capability it asks for; None: it asks for none. `looks`
    says that its requests only look at data, for somebody signed in: no body is read, nothing written and nothing counted.
    """

    declaration: ApiOperation
    template: str
    body: BodyUse
    data: DataPart | AcrossPart | None
    handler: Handler | None
    object: ObjectFace | None
    scopes: frozenset[str]
    holders: frozenset[str] | None
    limit: RouteLimit | None = None
    looks: bool = False


class RouteTable(msgspec.Struct, frozen=True, eq=False):
    """All routes of one surface."""

    dialect: Dialect
    routes: tuple[Route, ...]
    router: Router[Route]

    def methods(self, face: ObjectFace, path: str) -> frozenset[str]:
        """Returns the methods by which a path (without the base path) reaches an object's own operations."""
        found = {method: self.router.find(method, path) for method in METHODS}
        routes = {method: hit.route for method, hit in found.items() if isinstance(hit, Found)}
        return frozenset(
            method
            for method, route in routes.items()
            if route.data is None or route.declaration.operation in face.operations
        )
