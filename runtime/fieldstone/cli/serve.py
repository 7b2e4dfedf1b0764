"""`fieldstone serve`: serves an app over HTTP, in this process or in several, and in development anew after every change."""

import asyncio
import os
import socket
import sys
from functools import partial
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter, validators

from fieldstone.app import TOOL, open_runtime
from fieldstone.app_catalog import load_catalog
from fieldstone.cli.processes import serve_in_workers
from fieldstone.cli.worker import open_server_log, serve_app
from fieldstone.errors import SettingsError
from fieldstone.registry.catalog import Catalog
from fieldstone.settings import Settings, read_settings
from fieldstone.store.open import SQLITE, database_url

BACKLOG = 2048
BOLD, PLAIN = "\033[1m", "\033[0m"
Port = Annotated[int, Parameter(validator=validators.Number(gte=0, lte=65535))]
Workers = Annotated[int, Parameter(validator=validators.Number(gte=1, lte=256))]


class SignInExample(msgspec.Struct, frozen=True):
    """An account that the app's own seeds make, to try it with."""

    email: str
    password: str


def serve(
    app: Path, /, *, host: str = "127.0.0.1", port: Port = 8000, workers: Workers = 1, reload: bool = False
) -> None:
    """Serve an app over HTTP until it is stopped.

    Parameters
    ----------
    app
        The app's folder, with its `app.yaml`.
    host
        The address to listen at.
    port
        The port to listen at; 0 takes a free one.
    workers
        How many processes answer; more than one needs PostgreSQL.
    reload
        Read the declarations again whenever one changes; for development.
    """
    settings = read_settings(os.environ)
    _refuse_what_cannot_be(settings, workers, reload=reload)
    with _listen(host, port) as listener:
        settings = _reachable(settings, listener)
        announce = partial(_announce, settings, listener)
        if workers > 1:
            announce(asyncio.run(_first_start(app, settings)))
            sys.exit(serve_in_workers(app, settings, listener, workers))
        else:
            serve_app(app, settings, listener, announce, watch=reload)


def demo_sign_in(catalog: Catalog, settings: Settings) -> SignInExample | None:
    """Returns the first account that the seeds make with a password; None in production."""
    if settings.environment == "production":
        return None
    records = (record for seed in catalog.seeds if seed.object == "sys_user" for record in seed.records)
    for record in records:
        if "email" in record and "password" in record:
            return SignInExample(record["email"], record["password"])
    return None


def _refuse_what_cannot_be(settings: Settings, workers: int, *, reload: bool) -> None:
    if reload and workers > 1:
        raise SettingsError("--reload serves with one worker.", hint="Leave out --workers.")
    if reload and settings.environment == "production":
        raise SettingsError("--reload is for development.", hint="Leave it out, or set FIELDSTONE_ENV=development.")


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        hint = "Stop what listens there, or take another --port." if port else None
        raise SettingsError(f"Cannot listen at {host}:{port}: {error.strerror}.", hint=hint) from error


def _reachable(settings: Settings, listener: socket.socket) -> Settings:
    """Returns settings whose links lead to the port that is listened at, in development, unless they say where to."""
    if settings.public_url is not None or settings.environment == "production":
        return settings
    return msgspec.structs.replace(settings, public_url=f"http://localhost:{listener.getsockname()[1]}")


async def _first_start(app: Path, settings: Settings) -> Catalog:
    """Does what the first start does before several processes begin, and returns what is declared; raises SettingsError on SQLite."""
    catalog = load_catalog(app)
    if database_url(app, catalog.app, settings).startswith(SQLITE):
        raise SettingsError(
            "Several workers cannot share a SQLite database.",
            hint="Use one worker, or a PostgreSQL database (FIELDSTONE_DATABASE_URL).",
        )
    async with open_runtime(app, settings, open_server_log(settings), TOOL):
        return catalog


def _announce(settings: Settings, listener: socket.socket, catalog: Catalog) -> None:
    """Prints what is served where, and who may try it."""
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    address = f"http://{shown}:{port}"
    label = catalog.app.label or catalog.app.name
    bold, plain = (BOLD, PLAIN) if sys.stdout.isatty() else ("", "")
    lines = [f"{bold}{label}{plain} is served at {bold}{address}{plain}"]
    for api in (catalog.apis[name] for name in catalog.app.surfaces.apis):
        lines.append(f"  API            {address}{api.base_path}")
        docs = [item.path for item in api.operations if item.handler == "openapi.docs"]
        lines += [f"  documentation  {address}{api.base_path}{path}" for path in docs]
    example = demo_sign_in(catalog, settings)
    if example is not None:
        lines.append(f"  demo sign-in   {example.email} with the password {example.password}")
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()
