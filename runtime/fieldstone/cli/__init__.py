"""The command line: one module for each command, all of them listed here."""

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from fieldstone.errors import FieldstoneError
from fieldstone.garbage import without_collection
from fieldstone.late import late, late_module

if TYPE_CHECKING:
    import cyclopts
else:
    cyclopts = late_module("cyclopts")

_report_error = late("fieldstone.cli.report:report_error")
_version = late("importlib.metadata:version")


class Group(msgspec.Struct, frozen=True):
    """Commands under one word."""

    help: str
    commands: Mapping[str, str]


COMMANDS: Mapping[str, str | Group] = {
    "check": "fieldstone.cli.check:check",
    "test": "fieldstone.cli.test:run",
    "verify": "fieldstone.cli.verify:verify",
    "diff": "fieldstone.cli.diff:diff",
    "schema": "fieldstone.cli.schema:schema",
    "serve": "fieldstone.cli.serve:serve",
    "query": "fieldstone.cli.query:query",
    "export": "fieldstone.cli.export:export",
    "import": "fieldstone.cli.importing:run",
    "backup": "fieldstone.cli.backup:backup",
    "restore": "fieldstone.cli.restore:restore",
    "migrate": "fieldstone.cli.migrate:migrate",
    "new": Group(
        "Write the first files of an app, a package or an object.",
        {
            "app": "fieldstone.cli.new:app",
            "package": "fieldstone.cli.new:package",
            "object": "fieldstone.cli.new:object_",
        },
    ),
    "overlay": Group(
        "Move what a deployment says differently between its database and its folder.",
        {
            "export": "fieldstone.cli.overlay:export_folder",
            "import": "fieldstone.cli.overlay:import_folder",
            "list": "fieldstone.cli.overlay:list_overlays",
        },
    ),
    "user": Group("Make users of an app.", {"create": "fieldstone.cli.user:create"}),
}
"""Where the function of each command stands. A process loads the module of the one that it was called for, and no other."""


def build_app() -> "cyclopts.App":
    """Returns the whole command line."""
    app = cyclopts.App(
        name="fieldstone",
        help="A metadata-driven low-code runtime: declare in YAML, serve a secured API.",
        version=lambda: str(_version("fieldstone")),
    )
    for name, place in COMMANDS.items():
        if isinstance(place, Group):
            group = cyclopts.App(name=name, help=place.help)
            for word, function in place.commands.items():
                group.command(function, name=word)
            app.command(group)
        else:
            app.command(place, name=name)
    return app


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs a command, the one that the process was called with unless given; ends with 1 when it fails."""
    words = sys.argv[1:] if arguments is None else arguments
    named = bool(words) and isinstance(COMMANDS.get(words[0]), str)
    with without_collection():
        app = build_app()
        _load(app[words[0]] if named else app)
    try:
        app(words)
    except FieldstoneError as error:
        _report_error(error)
        sys.exit(1)


def _load(app: "cyclopts.App") -> None:
    """Loads a command, or every command of a group, so that a list of them says what each does."""
    for name in app:
        if not name.startswith("-"):
            _load(app[name])
