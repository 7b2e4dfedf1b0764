"""The truth table of `cases.yaml`, each line of it judged by the compiled policy, its filters evaluated in memory."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from fieldstone.access.caller import Caller
from fieldstone.access.policies import Policies
from fieldstone.access.policy import Action
from fieldstone.query.evaluate import Surroundings, matches
from fieldstone.registry.catalog import Catalog
from tests.worlds import load_world

TABLE: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "cases.yaml").read_text(encoding="utf-8"))
ME: dict[str, Any] = {
    "id": "me",
    "email": "me@example.org",
    "organization_id": "here",
    "positions": ("clerk",),
    "business_unit_id": "south",
    "unit_ids_below": ("south", "deep_south"),
    "report_ids": ("report", "reports_report"),
    "org_user_ids": ("me", "fellow", "report"),
}
REACHES: dict[str, Action] = {"read": "read", "update": "update", "delete": "delete"}
STANDS: dict[str, Action] = {"create": "create", "leave": "update"}
FIELDS: dict[str, Action] = {"fill": "create", "set": "update"}


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return load_world("office", tmp_path_factory.mktemp("office"))


@pytest.fixture(scope="module")
def policies(catalog: Catalog) -> Policies:
    return Policies(catalog)


def rows(catalog: Catalog, object_name: str) -> dict[str, dict[str, Any]]:
    """Returns the rows of the table by name; each is `here` unless it says otherwise, and its id is `object.name`."""
    wall = {"organization_id": "here"} if catalog.objects[object_name].walled else {}
    found = TABLE["rows"].get(object_name, {}).items()
    return {name: {"id": f"{object_name}.{name}", **wall, **row} for name, row in found}


def statements() -> Iterator[Any]:
    for case in TABLE["cases"]:
        for expected in ("can", "cannot"):
            for statement in case.get(expected, ()):
                name = f"{case['says']}: {expected} {statement}"
                yield pytest.param(case, statement, expected == "can", id=name)


@pytest.mark.parametrize(("case", "statement", "expected"), list(statements()))
def test_the_policy_says_so(catalog: Catalog, policies: Policies, case: Any, statement: str, expected: bool) -> None:
    verb, target = statement.split(" ")
    object_name, part = target.split(".")
    values = {name: value for name, value in ME.items() if name != case.get("without")}
    caller = Caller(frozenset(case["sets"]), values)
    around = Surroundings(caller=values, related=lambda name: rows(catalog, name).values())
    if verb == "see":
        assert part in catalog.objects[object_name].fields
        policy = policies.policy(caller, object_name, "read")
        assert (part in policy.readable) is (part in policy.shape.fields) is expected
    elif verb in FIELDS:
        assert part in catalog.objects[object_name].fields
        assert (part in policies.policy(caller, object_name, FIELDS[verb]).writable) is expected
    else:
        policy = policies.policy(caller, object_name, (REACHES | STANDS)[verb])
        condition = policy.rows if verb in REACHES else policy.check
        assert (policy.allowed and matches(condition, rows(catalog, object_name)[part], around)) is expected
