"""Kind `api`: a REST surface over the objects, a dialect declared in one file (DESIGN.md, "Surfaces are declared").

The parts that a dialect names (`envelope`, `errors`, `pager.style`, `idents`, `queries`, an auth scheme, a `handler`) are keys
of the closed tables of `surfaces/rest`; loading refuses a name that is in none.
"""

from typing import Annotated, Any, Literal

import msgspec

from fieldstone.kinds.declaration import CapabilityName, Declared, Kind, Name

_PATH = "A path is made of `/word` and `/{name}`, and does not end with `/`."
Path = Annotated[str, msgspec.Meta(pattern=r"^(/[A-Za-z0-9_.\-]+|/\{[a-z_]+\})*$", description=_PATH)]
DataOperation = Literal[
    "list",
    "query",
    "get",
    "create",
    "update",
    "delete",
    "clone",
    "batch",
    "create_many",
    "update_many",
    "delete_many",
    "across",
    "import",
    "import_job",
    "export",
    "history",
    "restore",
    "shares",
    "share",
    "unshare",
]


class AuthScheme(Declared, frozen=True, kw_only=True):
    """One way to show who you are: `scheme` is a part of the table `auth`; `header` names the header where it has one."""

    scheme: str
    """A part of the table `auth`."""
    header: str | None = None
    """The header's name, for a scheme that needs one."""


class Pager(Declared, frozen=True, kw_only=True):
    """How a list is paged: the style, the names of its parameters, and the page size unless said."""

    style: str = "objectql"
    """A part of the table `pagers`."""
    limit: str = "limit"
    """The name of the parameter for the page size."""
    cursor: str = "cursor"
    """The name of the parameter for the cursor."""
    default_limit: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 50
    """The page size when none is asked for."""
    max_limit: Annotated[int, msgspec.Meta(ge=1, le=5000)] | None = None
    """The largest page on this surface, beside the object's own `maxPageSize`."""


HeaderName = Annotated[str, msgspec.Meta(pattern="^[A-Za-z][A-Za-z0-9-]*$")]


class Idempotency(Declared, frozen=True, kw_only=True):
    """Writes that are done once for each key that a caller sends with them."""

    header: HeaderName = "Idempotency-Key"
    """The header that holds the key."""
    replayed: HeaderName = "Idempotency-Replayed"
    """The header of an answer that was given before."""


DEFAULT_LIMIT = "default"
"""The class of every operation that names none."""

LimitedBy = Literal["caller", "user", "address"]


class RateLimit(Declared, frozen=True, kw_only=True):
    """A class of rate limits: a bucket that holds `requests` and fills again evenly within `per` seconds."""

    requests: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
    """How many requests go through."""
    per: Annotated[int, msgspec.Meta(ge=1, le=86_400)] = 60
    """In how many seconds."""
    by: LimitedBy = "caller"
    """Whose requests are counted together: `caller` (each API key by itself, all sessions of a user together), `user` (his keys too), or
    `address`. Whoever is not signed in is counted by his address."""
    exact: bool = False
    """`true`: counted in the database, one by one; else a process may take some at a time."""


class ApiObject(Declared, frozen=True, kw_only=True):
    """How an object looks on this surface: what stands before its ids, when they are prefixed."""

    id_prefix: str | None = None
    """The prefix; goes before the object's own `idPrefix`."""


class Parameter(Declared, frozen=True, kw_only=True):
    """A query parameter of a list that filters: the field and the operator, without its `$`."""

    field: str
    """The field that it filters by."""
    operator: str = "eq"
    """An operator of the [query language](objectql.md), without its `$`."""
    required: bool = False
    """A request without it is refused."""
    description: str | None = None
    """What it does, for the OpenAPI document."""


class ApiOperation(Declared, frozen=True, kw_only=True):
    """One route: a data operation on an object, an action, or a named handler; exactly one of the three.

    `object` may be left out when the path has `{object}`. `scopes` must be carried by a credential that is limited to scopes;
    `permission` is a capability that the caller must hold. `public` routes take anonymous callers.
    """

    id: Annotated[str, msgspec.Meta(pattern="^[A-Za-z][A-Za-z0-9_]*$")]
    """Its name in the OpenAPI document; new among the surface's."""
    method: Literal["GET", "POST", "PATCH", "PUT", "DELETE"]
    """The HTTP method."""
    path: Path
    """The path under `basePath`, with `{object}`, `{id}` and such."""
    summary: str | None = None
    """One line for the OpenAPI document."""
    operation: DataOperation | None = None
    """A data operation."""
    action: str | None = None
    """An action, by its object and name: `lead.convert`. Its input is the body, `{id}` in the path its record; the answer is its result."""
    handler: str | None = None
    """A part of the table `handlers`."""
    object: str | None = None
    """The object, where the path does not name it."""
    scopes: tuple[str, ...] = ()
    """Scopes that a limited credential must carry."""
    permission: CapabilityName | None = None
    """A capability that the caller must hold."""
    public: bool = False
    """`true`: anonymous callers may come."""
    parameters: dict[str, Parameter] = {}
    """Query parameters of a list that filter, by name; for `queries: mapped`."""
    rate_limit: Name | None = None
    """A class of `rateLimits`; `default`, where there is one, unless said."""
    search: str | None = None
    """The name of a query parameter of a list that searches the object's `searchable` fields; for `queries: mapped`."""


class ApiExtension(Declared, frozen=True, kw_only=True):
    """Routes that a package adds to a surface of another: the file says `extends`, and what the surface decides is not said again."""

    name: Name
    """The extension's name."""
    description: str | None = None
    """What it is for."""
    extends: Name
    """The surface."""
    operations: Annotated[tuple[ApiOperation, ...], msgspec.Meta(min_length=1)]
    """The routes."""


class ApiDeclaration(Declared, frozen=True, kw_only=True):
    """A REST surface."""

    name: Name
    """The surface's name."""
    label: str | None = None
    """The title of its OpenAPI document."""
    description: str | None = None
    """What it is for."""
    version: str = "1.0.0"
    """The version that the OpenAPI document shows."""
    base_path: Path
    """What every path begins with."""
    openapi: Literal["3.0.3"] = "3.0.3"
    """The version of OpenAPI that its document is in."""
    auth: tuple[AuthScheme, ...]
    """Where a request may show a credential; the first that is found counts."""
    envelope: str
    """How answers are wrapped: a part of the table `envelopes`."""
    errors: str
    """The shape of errors: a part of the table `errors`."""
    queries: str = "objectql"
    """How a list is narrowed: a part of the table `queries`."""
    idents: str = "plain"
    """What stands before ids: a part of the table `idents`."""
    pager: Pager = Pager()
    """How a list is paged."""
    idempotency: Idempotency | None = None
    """How a write is done once; without it the surface takes no keys."""
    rate_limits: dict[Name, RateLimit] = {}
    """Classes of rate limits, by name; `default` is that of every operation that names none. `surfaces` in `app.yaml` may set others."""
    objects: dict[str, ApiObject] = {}
    """How single objects look, by name."""
    operations: tuple[ApiOperation, ...]
    """The routes."""

    @classmethod
    def form_of(cls, _value: Any) -> type[Declared]:
        """Returns the Struct of an extension, for a document that extends another."""
        return ApiExtension if isinstance(_value, dict) and "extends" in _value else cls


API = Kind(
    name="api",
    plural="apis",
    struct=ApiDeclaration,
    summary="A REST surface over the objects",
    forms=(ApiExtension,),
)
