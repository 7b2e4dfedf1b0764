"""The catalog of an app: what an api declaration may name is known here, since every face stands below.

A part of the composition root, which is `app.py`.
"""

from pathlib import Path

from fieldstone.errors import DeclarationError
from fieldstone.flows.steps.table import STEP_KINDS
from fieldstone.registry.api_operations import DialectParts
from fieldstone.registry.catalog import Catalog
from fieldstone.registry.layers.overlay import Overlays
from fieldstone.registry.layout import platform_folder
from fieldstone.registry.load import load_app
from fieldstone.registry.memory import Memory
from fieldstone.surfaces.openapi.handlers import OPENAPI_HANDLERS
from fieldstone.surfaces.rest.acting import ACTION_HANDLERS
from fieldstone.surfaces.rest.auth import AUTH
from fieldstone.surfaces.rest.check import check_apis
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
from fieldstone.surfaces.rest.pagers import PAGERS
from fieldstone.surfaces.rest.queries import QUERIES

OWN_FOLDER = ".fieldstone"
"""Where an app's folder keeps what is made for it: the cache of what was parsed, and in development the secret."""

DIALECT_PARTS: DialectParts = {
    "envelopes": frozenset(ENVELOPES),
    "errors": frozenset(ERRORS),
    "pagers": frozenset(PAGERS),
    "idents": frozenset(IDENTS),
    "queries": frozenset(QUERIES),
    "auth": frozenset(AUTH),
    "handlers": frozenset(
        {
            *AUTH_HANDLERS,
            *DISCOVERY_HANDLERS,
            *META_HANDLERS,
            *META_CHANGE_HANDLERS,
            *RELOAD_HANDLERS,
            *SEARCH_HANDLERS,
            *SECURITY_HANDLERS,
            *RIGHTS_HANDLERS,
            *OPENAPI_HANDLERS,
            *EMAIL_HANDLERS,
            *ACTION_HANDLERS,
            *FLOW_HANDLERS,
            *IMPORT_JOB_HANDLERS,
        }
    ),
}
"""The names that an api declaration may use."""


def load_catalog(folder: Path, overlays: Overlays = (), memory: Memory | None = None) -> Catalog:
    """Returns the catalog of the app in a folder with overlays; raises DeclarationError with every fault, those of its surfaces last.

    `memory` is what was found out the last time.
    """
    catalog = load_app(
        folder,
        parts=DIALECT_PARTS,
        cache=folder / OWN_FOLDER / "cache",
        platform=platform_folder(),
        steps=STEP_KINDS,
        overlays=overlays,
        memory=memory,
    )
    faults = check_apis(catalog)
    if faults:
        raise DeclarationError(faults)
    return catalog
