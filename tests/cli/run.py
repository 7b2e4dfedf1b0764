"""Commands run within the test's own process, as `fieldstone ARGUMENTS` would run them."""

import msgspec
import pytest

from fieldstone.cli import main


class Run(msgspec.Struct, frozen=True):
    """How a command ended and what it wrote."""

    code: int
    out: str
    error: str


def run_command(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> Run:
    """Returns how a command ended; a command that returns has ended well."""
    code = 0
    try:
        main(arguments)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0
    captured = capsys.readouterr()
    return Run(code, captured.out, captured.err)
