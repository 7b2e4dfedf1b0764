"""Kind `api`: a REST surface over the objects, a dialect declared in one file (DESIGN.md, "Surfaces are declared").

The parts that a dialect names (`envelope`, `errors`, `pager.style`, `idents`, `queries`, an auth scheme, a `handler`) are keys
of the closed tables of `surfaces/rest`; loading refuses a name that is in none.
"""

from typing import Annotated, Literal

import msgspec

from fieldstone.kinds.declaration import Declared, Kind
from fieldstone.kinds.object import Name

_PATH = "A path is made of `/word` and `/{name}`, and does not end with `/`."
Path = Annotated[str, msgspec.Meta(pattern=r"^(/[A-Za-z0-9_.\-]+|/\{[a-z_]+\})*$", description=_PATH)]
DataOperation = Literal["list", "query", "get", "create", "update", "delete", "batch"]


class AuthScheme(Declared, frozen=True, kw_only=True):
    """One way to show who you are: `scheme` is a part of the table `auth`; `header` names the header where it has one."""

    scheme: str
    header: str | None = None


class Pager(Declared, frozen=True, kw_only=True):
    """How a list is paged: the style, the names of its parameters, and the page size unless said."""

    style: str = "objectql"
    limit: str = "limit"
    cursor: str = "cursor"
    default_limit: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 50
    max_limit: Annotated[int, msgspec.Meta(ge=1, le=5000)] | None = None


class ApiObject(Declared, frozen=True, kw_only=True):
    """How an object looks on this surface: what stands before its ids, when they are prefixed."""

    id_prefix: str | None = None


class Parameter(Declared, frozen=True, kw_only=True):
    """A query parameter of a list that filters: the field and the operator, without its `$`."""

    field: str
    operator: str = "eq"
    required: bool = False
    description: str | None = None


class ApiOperation(Declared, frozen=True, kw_only=True):
    """One route: a data operation on an object, or a named handler; exactly one of the two.

    `object` may be left out when the path has `{object}`. `scopes` must be carried by a credential that is limited to scopes;
    `permission` is a capability that the caller must hold. `public` routes take anonymous callers.
    """

    id: Annotated[str, msgspec.Meta(pattern="^[A-Za-z][A-Za-z0-9_]*$")]
    method: Literal["GET", "POST", "PATCH", "PUT", "DELETE"]
    path: Path
    summary: str | None = None
    operation: DataOperation | None = None
    handler: str | None = None
    object: str | None = None
    scopes: tuple[str, ...] = ()
    permission: str | None = None
    public: bool = False
    parameters: dict[str, Parameter] = {}


class ApiDeclaration(Declared, frozen=True, kw_only=True):
    """A REST surface."""

    name: Name
    label: str | None = None
    description: str | None = None
    version: str = "1.0.0"
    base_path: Path
    openapi: Literal["3.0.3"] = "3.0.3"
    auth: tuple[AuthScheme, ...]
    envelope: str
    errors: str
    queries: str = "objectql"
    idents: str = "plain"
    pager: Pager = Pager()
    objects: dict[str, ApiObject] = {}
    operations: tuple[ApiOperation, ...]


API = Kind(name="api", plural="apis", struct=ApiDeclaration, summary="A REST surface over the objects")
