"""What the tests of pages share: Start, walked through once."""

import pytest

from tests.docs.walk import Started, shell_in, walk
from tests.house.source import ROOT


@pytest.fixture(scope="session")
def start(tmp_path_factory: pytest.TempPathFactory) -> Started:
    """What is there when all of `docs/start.md` has been run and has printed what it shows."""
    folder = tmp_path_factory.mktemp("start")
    with shell_in(folder) as shell:
        walk(shell, ROOT / "docs" / "start.md")
        commands = shell.run("declare -f sign_in as; declare -p ANN TOM")[1]
    return Started(folder, commands)
