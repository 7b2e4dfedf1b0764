"""What tests of the command line may ask for."""

from collections.abc import Callable

import pytest

from tests.cli.run import Run, run_command


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Run]:
    """Runs a command and returns how it ended."""
    return lambda *arguments: run_command(arguments, capsys)
