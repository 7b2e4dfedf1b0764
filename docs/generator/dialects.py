"""The page of dialect parts: what an api declaration may name, out of the closed tables of `surfaces/rest`."""

from collections.abc import Mapping
from typing import Any

from docs.generator.markdown import code, page, table
from fieldstone.kinds.api import API
from fieldstone.surfaces.openapi.handlers import OPENAPI_HANDLERS
from fieldstone.surfaces.rest.acting import ACTION_HANDLERS
from fieldstone.surfaces.rest.auth import AUTH
from fieldstone.surfaces.rest.check import API_METHODS
from fieldstone.surfaces.rest.envelopes import ENVELOPES
from fieldstone.surfaces.rest.errors import ERRORS
from fieldstone.surfaces.rest.idents import IDENTS
from fieldstone.surfaces.rest.native.auth.table import AUTH_HANDLERS
from fieldstone.surfaces.rest.native.discovery import DISCOVERY_HANDLERS
from fieldstone.surfaces.rest.native.email import EMAIL_HANDLERS
from fieldstone.surfaces.rest.native.flows import FLOW_HANDLERS
from fieldstone.surfaces.rest.native.import_jobs import IMPORT_JOB_HANDLERS
from fieldstone.surfaces.rest.native.meta import META_HANDLERS
from fieldstone.surfaces.rest.native.meta_changes import META_CHANGE_HANDLERS
from fieldstone.surfaces.rest.native.reload import RELOAD_HANDLERS
from fieldstone.surfaces.rest.native.search import SEARCH_HANDLERS
from fieldstone.surfaces.rest.native.security import RIGHTS_HANDLERS, SECURITY_HANDLERS
from fieldstone.surfaces.rest.operations import DATA
from fieldstone.surfaces.rest.pagers import PAGERS
from fieldstone.surfaces.rest.queries import QUERIES
from fieldstone.surfaces.rest.table import HandlerPart

HANDLERS: Mapping[str, HandlerPart[Any]] = {
    **ACTION_HANDLERS,
    **AUTH_HANDLERS,
    **DISCOVERY_HANDLERS,
    **EMAIL_HANDLERS,
    **FLOW_HANDLERS,
    **IMPORT_JOB_HANDLERS,
    **META_HANDLERS,
    **META_CHANGE_HANDLERS,
    **RELOAD_HANDLERS,
    **SEARCH_HANDLERS,
    **SECURITY_HANDLERS,
    **RIGHTS_HANDLERS,
    **OPENAPI_HANDLERS,
}

INTRODUCTION = f"""\
A REST surface is one declaration of kind [{API.name}](kinds.md#api). Where it says how something is done, it names
a part out of one of the tables below; a name that is in none is a fault (`UNKNOWN_PART`). The native surface,
[v1.api.yaml](../../metadata/apis/v1.api.yaml), is declared in the same way. A part that nobody has had yet is one
more entry in its table: [extension points](extension-points.md#dialect-part)."""

TABLES: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "envelopes": ("How answers are wrapped; key `envelope`.", ENVELOPES),
    "errors": ("The shape of errors; key `errors`.", ERRORS),
    "pagers": ("How a list is paged; key `pager.style`.", PAGERS),
    "queries": ("How a list is narrowed and cut; key `queries`.", QUERIES),
    "idents": ("What stands before ids; key `idents`.", IDENTS),
    "auth": ("Where a request may show a credential; key `auth[].scheme`.", AUTH),
    "handlers": ("What an operation without a data operation does; key `operations[].handler`.", HANDLERS),
}
"""Every table of parts with what it decides; a test holds the names against those that loading knows."""

DATA_OPERATIONS = """\
Key `operations[].operation`. An object takes part in one when its `apiMethods` name the method beside it."""


def dialects_page() -> str:
    """Returns the page."""
    data = [(code(name), part.summary, code(API_METHODS[name]), part.body) for name, part in DATA.items()]
    return page(
        "Dialect parts",
        INTRODUCTION,
        *(_section(name) for name in TABLES),
        "## Data operations",
        DATA_OPERATIONS,
        table(("operation", "what it does", "method", "body"), data),
    )


def _section(name: str) -> str:
    meaning, parts = TABLES[name]
    rows = [(code(part_name), part.summary) for part_name, part in parts.items()]
    return f"## {code(name)}\n\n{meaning}\n\n{table(('part', 'what it does'), rows)}"
