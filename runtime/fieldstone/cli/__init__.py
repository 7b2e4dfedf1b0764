"""The command line: one module for each command, all of them listed here."""

import sys
from collections.abc import Sequence
from importlib.metadata import version

from cyclopts import App

from fieldstone.cli.backup import backup
from fieldstone.cli.check import check
from fieldstone.cli.diff import diff
from fieldstone.cli.export import export
from fieldstone.cli.importing import import_command
from fieldstone.cli.migrate import migrate
from fieldstone.cli.new import new_command
from fieldstone.cli.overlay import overlay_command
from fieldstone.cli.query import query
from fieldstone.cli.report import report_error
from fieldstone.cli.restore import restore
from fieldstone.cli.schema import schema
from fieldstone.cli.serve import serve
from fieldstone.cli.test import test_command
from fieldstone.cli.user import user_command
from fieldstone.cli.verify import verify
from fieldstone.errors import FieldstoneError

COMMANDS = (
    check,
    test_command(),
    verify,
    diff,
    schema,
    serve,
    query,
    export,
    import_command(),
    backup,
    restore,
    migrate,
    new_command(),
    overlay_command(),
    user_command(),
)
"""Functions, and Apps that have commands of their own."""


def build_app() -> App:
    """Returns the whole command line."""
    app = App(
        name="fieldstone",
        help="A metadata-driven low-code runtime: declare in YAML, serve a secured API.",
        version=version("fieldstone"),
    )
    for command in COMMANDS:
        app.command(command)
    return app


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs a command, the one that the process was called with unless given; ends with 1 when it fails."""
    try:
        build_app()(sys.argv[1:] if arguments is None else arguments)
    except FieldstoneError as error:
        report_error(error)
        sys.exit(1)
