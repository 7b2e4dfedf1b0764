"""`docs/reference/functions.md`: what it says of row policies and the database."""

import pytest

from fieldstone.query.ast import NOTHING
from fieldstone.query.cel.fault import ExpressionError
from fieldstone.registry.rules import Scope, compile_filter, scope_of
from tests.worlds import load_world


@pytest.fixture(scope="module")
def scope(tmp_path_factory: pytest.TempPathFactory) -> Scope:
    """The names of a note."""
    return scope_of(load_world("office", tmp_path_factory.mktemp("office")).objects["note"])


@pytest.mark.parametrize(
    "text",
    [
        "created_at > daysAgo(7)",
        "record.title.startsWith('A') || user.id == owner_id",
        "current_user.roles.exists(role, role == title)",
        "['a', 'b'].all(letter, letter != title)",
    ],
)
def test_a_row_policy_may_say(scope: Scope, text: str) -> None:
    assert compile_filter(text, scope) != NOTHING


@pytest.mark.parametrize("text", ["string(level) == 'x'", "current_user.roles.map(role, role + title).size() > 1"])
def test_a_row_policy_may_not_say(scope: Scope, text: str) -> None:
    with pytest.raises(ExpressionError):
        compile_filter(text, scope)
