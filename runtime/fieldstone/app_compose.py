"""Composing a generation: store -> door -> identity -> surfaces -> what the edge hands requests to, top to bottom.

A part of the composition root, which is `app.py`.
"""

import time
from collections.abc import Mapping
from functools import partial

from fieldstone.access.caller import ADMINISTRATOR
from fieldstone.app_generation import Generation
from fieldstone.app_imports import import_handlers, import_operations, import_works
from fieldstone.app_process import Process
from fieldstone.engine.door import Door
from fieldstone.engine.handlers import DATA_HANDLERS
from fieldstone.flows.actions.calling import Calling
from fieldstone.flows.actions.invoke import ACTION_OPERATIONS
from fieldstone.flows.desk import FlowDesk
from fieldstone.flows.room import Repertoire
from fieldstone.identity.hooks import identity_hooks
from fieldstone.identity.room import IdentityRoom, open_identity
from fieldstone.identity.throttle import Throttle
from fieldstone.late import late
from fieldstone.registry.catalog import Catalog
from fieldstone.services.audit import audit_hooks
from fieldstone.services.explaining import Explaining
from fieldstone.services.mail.post import Post
from fieldstone.services.mail.sending import Sending
from fieldstone.services.meta.authority import Authority
from fieldstone.services.meta.changing import Changing, Swap
from fieldstone.services.meta.items import Meta
from fieldstone.services.meta.reloading import Reloading
from fieldstone.services.meta.translating import Translating
from fieldstone.services.rights import Rights
from fieldstone.services.search import Searching
from fieldstone.settings import Settings
from fieldstone.store.deployment import InForce
from fieldstone.store.sql_store import SqlStore
from fieldstone.surfaces.http.cors import CrossOrigin
from fieldstone.surfaces.http.dispatcher import Dispatcher
from fieldstone.surfaces.http.edge import Entrance
from fieldstone.surfaces.http.metrics import Metrics
from fieldstone.surfaces.http.server import Shell, make_application
from fieldstone.surfaces.openapi.handlers import OPENAPI_HANDLERS, OpenApi
from fieldstone.surfaces.rest.acting import ACTION_HANDLERS, BOUND_HANDLERS
from fieldstone.surfaces.rest.bind import bind
from fieldstone.surfaces.rest.errors import objectos_body
from fieldstone.surfaces.rest.face import RestFace
from fieldstone.surfaces.rest.handlers import bind_handlers
from fieldstone.surfaces.rest.native.auth.service import sign_in_over
from fieldstone.surfaces.rest.native.auth.table import AUTH_HANDLERS
from fieldstone.surfaces.rest.native.discovery import DISCOVERY_HANDLERS, Deployment
from fieldstone.surfaces.rest.native.email import EMAIL_HANDLERS
from fieldstone.surfaces.rest.native.flows import FLOW_HANDLERS
from fieldstone.surfaces.rest.native.meta import META_HANDLERS
from fieldstone.surfaces.rest.native.meta_changes import META_CHANGE_HANDLERS
from fieldstone.surfaces.rest.native.reload import RELOAD_HANDLERS
from fieldstone.surfaces.rest.native.search import SEARCH_HANDLERS
from fieldstone.surfaces.rest.native.security import RIGHTS_HANDLERS, SECURITY_HANDLERS
from fieldstone.surfaces.rest.table import Handler, RouteTable
from fieldstone.surfaces.signin.face import pages_over

_tell_metrics = late("fieldstone.app_metrics:tell")

WELL_KNOWN = "/.well-known/objectstack"


def compose(process: Process, store: SqlStore, known: InForce, swap: Swap) -> Generation:
    """Returns the generation over a store; `known` is what is in force in its database, `swap` changes it into the next."""
    catalog, settings = store.catalog, process.settings
    post = process.mailroom.post(catalog.email_templates, _label(catalog))
    flows = process.flows.repertoire(catalog)
    door = _door(process, store, post, flows)
    room = open_identity(
        door,
        settings,
        process.lasting,
        mails=process.mailroom.transport is not None,
        seconds=time.monotonic,
        log=process.log,
    )
    authority = Authority(swap.organization, frozenset({ADMINISTRATOR}))
    meta = Meta(catalog, door.policies, authority)
    handlers = {
        **_handlers(process, door, room, post, flows),
        **_meta_handlers(meta, Changing(swap, door.execute, authority), settings),
        **bind_handlers(RELOAD_HANDLERS, Reloading(catalog, authority, swap.reload)),
    }
    tables = {
        name: bind(catalog.apis[name], catalog, handlers, settings.limits.sign_ins)
        for name in catalog.app.surfaces.apis
    }
    return Generation(
        store=store,
        door=door,
        room=room,
        flows=flows,
        works=import_works(door, room.identity.member, process.log),
        tables=tables,
        entrance=_entrance(process, tables, room, door),
        known=known,
    )


def compose_door(process: Process, store: SqlStore) -> Door:
    """Returns the door over a store alone, as the first start needs it: no surface stands before it."""
    catalog = store.catalog
    post = process.mailroom.post(catalog.email_templates, _label(catalog))
    return _door(process, store, post, process.flows.repertoire(catalog))


def _door(process: Process, store: SqlStore, post: Post, flows: Repertoire) -> Door:
    catalog = store.catalog
    return Door(
        store,
        {**DATA_HANDLERS, **import_operations(process.flows), **post.handlers, **ACTION_OPERATIONS, **flows.handlers},
        process.settings,
        hooks=(*identity_hooks(catalog), *flows.hooks, *audit_hooks()),
        preparers={"password": process.lasting.passwords.hash, "secret": process.seal.seal},
        clock=process.seams.clock,
        new_id=process.seams.new_id,
    )


def _label(catalog: Catalog) -> str:
    return catalog.app.label or catalog.app.name


def _handlers(process: Process, door: Door, room: IdentityRoom, post: Post, flows: Repertoire) -> Mapping[str, Handler]:
    """Returns the named handlers, each over its service."""
    catalog, settings = door.catalog, process.settings
    desk = FlowDesk(door, flows, process.flows.settled, seconds=settings.limits.flow_answer_seconds)
    mails_of_user = Throttle(process.lasting.limiter, settings.limits.mails)
    sending = Sending(door.execute, post, admit=mails_of_user.admit, clock=door.clock)
    calling = Calling(catalog, door.execute, door.clock, desk.start)
    return {
        **bind_handlers(AUTH_HANDLERS, sign_in_over(room, catalog)),
        **bind_handlers(DISCOVERY_HANDLERS, Deployment(_label(catalog), settings.environment)),
        **bind_handlers(SEARCH_HANDLERS, Searching(door.execute, catalog, door.policies)),
        **bind_handlers(SECURITY_HANDLERS, Explaining(door, catalog, room.identity.member)),
        **bind_handlers(RIGHTS_HANDLERS, Rights(catalog, door.policies)),
        **bind_handlers(EMAIL_HANDLERS, sending),
        **bind_handlers(FLOW_HANDLERS, desk),
        **import_handlers(door),
        **bind_handlers({**ACTION_HANDLERS, **BOUND_HANDLERS}, calling),
    }


def _meta_handlers(meta: Meta, changing: Changing, settings: Settings) -> Mapping[str, Handler]:
    """Returns the named handlers over the declarations, and over what changes them."""
    return {
        **bind_handlers(META_HANDLERS, meta),
        **bind_handlers(META_CHANGE_HANDLERS, changing),
        **bind_handlers(OPENAPI_HANDLERS, OpenApi(meta, open_docs=settings.environment == "development")),
    }


def _entrance(process: Process, tables: Mapping[str, RouteTable], room: IdentityRoom, door: Door) -> Entrance:
    """Returns where requests enter: each surface under its base path, the pages, and discovery at its well-known address."""
    limits, log, places = process.settings.limits, process.log, process.places
    pages = pages_over(room)
    faces = dict.fromkeys(pages.bases, Dispatcher(pages.answer, objectos_body, limits, log, places))
    aliases: dict[str, str] = {}
    for table in tables.values():
        face = RestFace(
            table,
            room.identity,
            door.execute,
            door.policies,
            limits,
            process.denials,
            process.lasting.limiter,
            Translating(door.catalog),
        )
        faces[table.dialect.api.base_path] = Dispatcher(face.answer, table.dialect.errors.body, limits, log, places)
        for route in table.routes:
            if route.declaration.handler == "discovery.reduced":
                aliases.setdefault(WELL_KNOWN, route.template)
    settings = process.settings
    watching = Metrics(
        partial(_tell_metrics, process), settings.metrics_token, open_to_machine=settings.environment == "development"
    )
    application = make_application(Shell(objectos_body, limits, log), faces, aliases, process.ready, watching)
    return Entrance(application, CrossOrigin(door.catalog.app.cors) or None)
