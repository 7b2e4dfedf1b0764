"""The composition root: from a folder and settings to a running app. The only module that knows all the rooms.

settings -> catalog -> store -> door -> identity -> surfaces -> ASGI application, top to bottom.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import msgspec
from pwdlib.hashers import HasherProtocol

from fieldstone.access.caller import ADMINISTRATOR
from fieldstone.app_flows import RunsHow, Surroundings, carried, make_flow_room, seed_quietly
from fieldstone.clock import Clock, system_clock
from fieldstone.engine.door import Door
from fieldstone.engine.handlers import DATA_HANDLERS
from fieldstone.engine.sweep import sweep_past
from fieldstone.errors import DeclarationError
from fieldstone.flows.actions.calling import Calling
from fieldstone.flows.actions.invoke import ACTION_OPERATIONS
from fieldstone.flows.desk import FlowDesk
from fieldstone.flows.room import FlowRoom
from fieldstone.flows.steps.table import STEP_KINDS
from fieldstone.identity.bootstrap import bootstrap
from fieldstone.identity.enrolment import OBJECT as ENROLMENT
from fieldstone.identity.hooks import identity_hooks
from fieldstone.identity.limiter import Limiter, system_microseconds
from fieldstone.identity.passwords import Passwords
from fieldstone.identity.room import IdentityRoom, open_identity
from fieldstone.identity.seal import Seal
from fieldstone.identity.throttle import Throttle
from fieldstone.ids import NewId, new_id
from fieldstone.keyring import Keyring, kept_secret
from fieldstone.log import Log
from fieldstone.registry.api_operations import DialectParts
from fieldstone.registry.catalog import Catalog
from fieldstone.registry.layout import platform_folder
from fieldstone.registry.load import load_app
from fieldstone.services.audit import audit_hooks
from fieldstone.services.denials import Denials
from fieldstone.services.explaining import Explaining
from fieldstone.services.mail.delivery import Delivery
from fieldstone.services.mail.post import EMAIL
from fieldstone.services.mail.room import open_mailroom
from fieldstone.services.mail.sending import Sending
from fieldstone.services.meta.items import Meta
from fieldstone.services.rights import Rights
from fieldstone.services.search import Searching
from fieldstone.services.sweeping import EXPIRING, Sweep, sweep_for_ever, sweep_outbox
from fieldstone.settings import Settings
from fieldstone.store.open import database_url, open_store
from fieldstone.store.sql_store import SqlStore
from fieldstone.surfaces.http.cors import CrossOrigin
from fieldstone.surfaces.http.dispatcher import Dispatcher
from fieldstone.surfaces.http.edge import Edge
from fieldstone.surfaces.http.proxies import Proxies
from fieldstone.surfaces.http.server import Shell, make_server
from fieldstone.surfaces.openapi.handlers import OPENAPI_HANDLERS, OpenApi
from fieldstone.surfaces.rest.acting import ACTION_HANDLERS, BOUND_HANDLERS
from fieldstone.surfaces.rest.auth import AUTH
from fieldstone.surfaces.rest.bind import bind
from fieldstone.surfaces.rest.check import check_apis
from fieldstone.surfaces.rest.envelopes import ENVELOPES
from fieldstone.surfaces.rest.errors import ERRORS, objectos_body
from fieldstone.surfaces.rest.face import RestFace
from fieldstone.surfaces.rest.handlers import bind_handlers
from fieldstone.surfaces.rest.idents import IDENTS
from fieldstone.surfaces.rest.native.auth.service import sign_in_over
from fieldstone.surfaces.rest.native.auth.table import AUTH_HANDLERS
from fieldstone.surfaces.rest.native.discovery import DISCOVERY_HANDLERS, Deployment
from fieldstone.surfaces.rest.native.email import EMAIL_HANDLERS
from fieldstone.surfaces.rest.native.flows import FLOW_HANDLERS
from fieldstone.surfaces.rest.native.meta import META_HANDLERS
from fieldstone.surfaces.rest.native.search import SEARCH_HANDLERS
from fieldstone.surfaces.rest.native.security import RIGHTS_HANDLERS, SECURITY_HANDLERS
from fieldstone.surfaces.rest.pagers import PAGERS
from fieldstone.surfaces.rest.queries import QUERIES
from fieldstone.surfaces.rest.table import Handler, RouteTable
from fieldstone.surfaces.signin.face import pages_over

OWN_FOLDER = ".fieldstone"
"""Where an app's folder keeps what is made for it: the cache of what was parsed, and in development the secret."""

WELL_KNOWN = "/.well-known/objectstack"

SEALED = ((ENROLMENT, "secret"), (EMAIL, "content"))
"""What is sealed beside the fields of type `secret`."""

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
            *SEARCH_HANDLERS,
            *SECURITY_HANDLERS,
            *RIGHTS_HANDLERS,
            *OPENAPI_HANDLERS,
            *EMAIL_HANDLERS,
            *ACTION_HANDLERS,
            *FLOW_HANDLERS,
        }
    ),
}
"""The names that an api declaration may use."""


class Runtime(msgspec.Struct, frozen=True, eq=False):
    """An app that runs: `asgi` answers its requests, `tables` are its mounted surfaces by name."""

    settings: Settings
    catalog: Catalog
    store: SqlStore
    door: Door
    room: IdentityRoom
    organization_id: str
    tables: Mapping[str, RouteTable]
    asgi: Edge
    delivery: Delivery | None
    flows: FlowRoom


class Seams(msgspec.Struct, frozen=True):
    """What a proof puts in place of what a server uses: a cheaper hash, a catalog of its own, no seeds, a clock that stands, no runs.

    Without `chores`, nothing is swept or written down beside the requests.
    """

    hasher: HasherProtocol | None = None
    catalog: Catalog | None = None
    seeds: bool = True
    clock: Clock = system_clock
    new_id: NewId = new_id
    runs: RunsHow = "durable"
    chores: bool = True


SERVER = Seams()
TOOL = Seams(runs="not")


def load_catalog(folder: Path) -> Catalog:
    """Returns the catalog of the app in a folder; raises DeclarationError with every fault, those of its surfaces last."""
    cache = folder / OWN_FOLDER / "cache"
    catalog = load_app(folder, parts=DIALECT_PARTS, cache=cache, platform=platform_folder(), steps=STEP_KINDS)
    faults = check_apis(catalog)
    if faults:
        raise DeclarationError(faults)
    return catalog


@asynccontextmanager
async def open_runtime(folder: Path, settings: Settings, log: Log, seams: Seams = SERVER) -> AsyncIterator[Runtime]:
    """Opens the app in a folder and closes it at the end of the block; an empty database gets its first start."""
    catalog = seams.catalog or load_catalog(folder)
    if not settings.secret:
        settings = msgspec.structs.replace(settings, secret=kept_secret(folder / OWN_FOLDER / "secret"))
    url = database_url(folder, catalog, settings)
    synchronous = catalog.app.database.synchronous
    store = await open_store(catalog, url, synchronous=synchronous, limits=settings.limits, log=log)
    try:
        runtime = await _compose(catalog, settings, store, log, seams, folder / OWN_FOLDER / "outbox")
        around = Surroundings(runtime.door, store, url, runtime.organization_id, runtime.room.identity.member, log)
        async with _beside(runtime, log, chores=seams.chores), carried(runtime.flows, settings, seams.runs, around):
            yield runtime
    finally:
        await store.close()


@asynccontextmanager
async def _beside(runtime: Runtime, log: Log, *, chores: bool) -> AsyncIterator[None]:
    """Sweeps, writes down who was seen, and sends mails beside the block; a sweep on its way is undone at its end."""
    sweeps: dict[str, Sweep] = {
        **{name: partial(sweep_past, runtime.door, name) for name in EXPIRING},
        "full rate limits": runtime.room.limiter.sweep,
        "runs of flows": runtime.flows.sweep,
        "events": partial(sweep_outbox, runtime.store, runtime.settings.limits, system_clock),
    }
    work = (sweep_for_ever(sweeps, log), runtime.room.presence.write_for_ever(log)) if chores else ()
    beside = [asyncio.create_task(chore) for chore in work]
    sending = None if runtime.delivery is None else asyncio.create_task(runtime.delivery.run())
    try:
        yield
    finally:
        await runtime.room.means.errands.settled()
        if runtime.delivery is not None and sending is not None:
            await runtime.delivery.close(sending)
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)


async def _compose(
    catalog: Catalog, settings: Settings, store: SqlStore, log: Log, seams: Seams, outbox: Path
) -> Runtime:
    passwords = Passwords(seams.hasher)
    keyring = Keyring(settings.secret, settings.secret_old)
    seal = Seal(keyring)
    if settings.secret_old is not None:
        log.info("secrets_renewed", values=await store.renew_sealed(seal.renew, SEALED))
    label = catalog.app.label or catalog.app.name
    mailroom = open_mailroom(settings, catalog.email_templates, label, outbox, seal, seams.new_id)
    flows = make_flow_room(catalog, settings, seal, seams.new_id)
    door = Door(
        store,
        {**DATA_HANDLERS, **mailroom.post.handlers, **ACTION_OPERATIONS, **flows.handlers},
        settings,
        hooks=(*identity_hooks(catalog), *flows.hooks, *audit_hooks()),
        preparers={"password": passwords.hash, "secret": seal.seal},
        clock=seams.clock,
        new_id=seams.new_id,
    )
    organization_id = await bootstrap(door.execute, catalog.app, settings)
    if seams.seeds:
        await seed_quietly(door, flows, organization_id, log)
    mails = mailroom.transport is not None
    limiter = Limiter(store.rates, system_microseconds)
    room = open_identity(
        door, settings, passwords, keyring, mails=mails, limiter=limiter, seconds=time.monotonic, log=log
    )
    mails_of_user = Throttle(limiter, settings.limits.mails)
    desk = FlowDesk(door, flows, seconds=settings.limits.flow_answer_seconds)
    handlers = {
        **_handlers(catalog, settings, door, room),
        **bind_handlers(
            EMAIL_HANDLERS, Sending(door.execute, mailroom.post, admit=mails_of_user.admit, clock=door.clock)
        ),
        **bind_handlers(FLOW_HANDLERS, desk),
        **bind_handlers({**ACTION_HANDLERS, **BOUND_HANDLERS}, Calling(catalog, door.execute, door.clock, desk.start)),
    }
    tables = {
        name: bind(catalog.apis[name], catalog, handlers, settings.limits.sign_ins)
        for name in catalog.app.surfaces.apis
    }
    return Runtime(
        settings=settings,
        catalog=catalog,
        store=store,
        door=door,
        room=room,
        organization_id=organization_id,
        tables=tables,
        delivery=mailroom.delivery(door.execute, clock=door.clock, log=log, days=settings.limits.mail_days),
        flows=flows,
        asgi=_server(tables, room, door, store, _shell(catalog, settings, log)),
    )


def _handlers(catalog: Catalog, settings: Settings, door: Door, room: IdentityRoom) -> Mapping[str, Handler]:
    """Returns the named handlers over services that need no more."""
    meta = Meta(catalog, door.policies, frozenset({ADMINISTRATOR}))
    deployment = Deployment(catalog.app.label or catalog.app.name, settings.environment)
    return {
        **bind_handlers(AUTH_HANDLERS, sign_in_over(room, catalog)),
        **bind_handlers(DISCOVERY_HANDLERS, deployment),
        **bind_handlers(META_HANDLERS, meta),
        **bind_handlers(SEARCH_HANDLERS, Searching(door.execute, catalog, door.policies)),
        **bind_handlers(SECURITY_HANDLERS, Explaining(door, catalog, room.identity.member)),
        **bind_handlers(RIGHTS_HANDLERS, Rights(catalog, door.policies)),
        **bind_handlers(OPENAPI_HANDLERS, OpenApi(meta, open_docs=settings.environment == "development")),
    }


def _shell(catalog: Catalog, settings: Settings, log: Log) -> Shell:
    proxies, cross_origin = Proxies(settings.trusted_proxies), CrossOrigin(catalog.app.cors)
    return Shell(objectos_body, settings.limits, log, proxies, cross_origin)


def _server(tables: Mapping[str, RouteTable], room: IdentityRoom, door: Door, store: SqlStore, shell: Shell) -> Edge:
    """Returns the ASGI application: each surface under its base path, the pages, and discovery at its well-known address."""
    denials = Denials(door.execute, door.clock)
    pages = pages_over(room)
    shown = Dispatcher(pages.answer, shell.errors, shell.limits, shell.log)
    faces = dict.fromkeys(pages.bases, shown)
    aliases: dict[str, str] = {}
    for table in tables.values():
        face = RestFace(table, room.identity, door.execute, door.policies, shell.limits, denials, room.limiter)
        dispatcher = Dispatcher(face.answer, table.dialect.errors.body, shell.limits, shell.log)
        faces[table.dialect.api.base_path] = dispatcher
        for route in table.routes:
            if route.declaration.handler == "discovery.reduced":
                aliases.setdefault(WELL_KNOWN, route.template)
    return make_server(shell, faces, aliases, store.ready)
