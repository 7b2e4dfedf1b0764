"""What is loaded late: it is there, and no start pays for it."""

import ast
import subprocess
import sys
from pkgutil import resolve_name

import pytest

from fieldstone.cli import COMMANDS, Group
from fieldstone.late import AtFirstUse, late, late_module
from tests.house.source import RUNTIME, modules_in

HEAVY = {
    "aiosmtplib",
    "alembic",
    "asyncpg",
    "charset_normalizer",
    "croniter",
    "dbos",
    "httpx",
    "joserfc",
    "jsonschema",
    "numpy",
    "openpyxl",
    "prometheus_client",
    "psycopg",
    "pydantic",
    "reportlab",
    "rich",
    "sqlalchemy.dialects.postgresql",
    "xlsxwriter",
}


def named(loader: str) -> list[str]:
    """Returns every place that is named in a call of a function of `late.py`."""
    nodes = (node for module in modules_in(RUNTIME).values() for node in ast.walk(module.tree))
    return [
        ast.literal_eval(node.args[0])
        for node in nodes
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == loader
        if isinstance(node.args[0], ast.Constant)
    ]


def functions() -> list[str]:
    """Returns where the function of each command stands."""
    found = (place.commands.values() if isinstance(place, Group) else [place] for place in COMMANDS.values())
    return [place for group in found for place in group]


def test_there_is_something_that_is_loaded_late() -> None:
    assert len(named("late")) >= 5
    assert len(named("late_module")) >= 5


@pytest.mark.parametrize("place", sorted({*named("late"), *functions()}))
def test_what_is_named_is_there(place: str) -> None:
    assert callable(resolve_name(place))


@pytest.mark.parametrize("name", sorted({*named("late_module")}))
def test_a_module_that_is_named_is_there(name: str) -> None:
    assert resolve_name(name).__name__ == name


def test_a_late_module_is_the_one_that_it_stands_for() -> None:
    path = late_module("os.path")
    assert path.join is resolve_name("os.path:join")
    with pytest.raises(AttributeError):
        _ = path.no_such_function


def test_a_late_function_answers_as_the_one_that_it_stands_for() -> None:
    assert late("os.path:join")("a", "b") == resolve_name("os.path:join")("a", "b")


def test_a_server_loads_no_library_that_its_app_may_never_need() -> None:
    program = "import sys, fieldstone.cli, fieldstone.cli.serve; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert HEAVY.isdisjoint(loaded.stdout.split())


def test_a_value_is_made_when_it_is_asked_for_first_and_kept() -> None:
    made: list[str] = []

    def make(name: str) -> list[str]:
        made.append(name)
        return [name]

    values = AtFirstUse(("a", "b", "c"), make)
    assert (list(values), len(values), "b" in values, "d" in values, made) == (["a", "b", "c"], 3, True, False, [])
    assert values["b"] is values.get("b")
    assert values.get("d") is None
    assert (made, set(values.made)) == (["b"], {"b"})
    with pytest.raises(KeyError):
        values["d"]
