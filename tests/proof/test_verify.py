"""`fieldstone verify`: green where nothing leaks, red under faults that no sentence has to name, with the change that was told of."""

import asyncio
from pathlib import Path

import pytest

from fieldstone.cli.check import compiled
from fieldstone.proof.roads import table
from fieldstone.proof.verify import compare
from fieldstone.proof.verify.run import Plan, Report, verify
from fieldstone.registry.layout import checkout
from tests.cli.run import run_command
from tests.saboteurs.faults import SABOTEURS, Saboteur

CAUGHT = {
    "count_without_policy",
    "groups_without_policy",
    "record_without_policy",
    "expand_without_policy",
    "invisible_told_from_absent",
}
"""Saboteurs that a verification finds by itself."""

QUICK = Plan(requests=400, records=5, seed=3)


def verified(place: Path, plan: Plan = QUICK) -> Report:
    root = checkout()
    assert root is not None
    place.mkdir()
    app = root / "apps" / "demo"
    return asyncio.run(verify(app, compiled(app), place, plan, lambda _text: None))


def test_what_people_may_not_see_changes_nothing_of_what_they_receive(tmp_path: Path) -> None:
    report = verified(tmp_path / "demo", Plan(requests=500))
    assert (report.leaks, report.not_reached, report.unmade) == ((), (), ())
    assert report.held
    assert len(report.callers) >= 7
    assert sum(route.proven for route in report.routes) > 3000
    told = {compare.VERSION, compare.CLASH, compare.RESTRICTED, compare.BUDGET, compare.DECLARED, compare.EXPLAINED}
    assert compare.VERSION in report.disclosures.keys() <= told


@pytest.mark.parametrize("saboteur", [each for each in SABOTEURS if each.name in CAUGHT], ids=lambda each: each.name)
def test_a_fault_is_told_with_the_change_that_it_tells_of(saboteur: Saboteur, tmp_path: Path) -> None:
    with saboteur.switch():
        report = verified(tmp_path / "demo")
    assert not report.held
    assert report.leaks
    assert any(leak.change is not None for leak in report.leaks)


def test_every_saboteur_that_is_named_here_is_there() -> None:
    assert {each.name for each in SABOTEURS} >= CAUGHT


def test_a_route_that_nothing_is_asked_over_is_not_reached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(table.DATA_ROADS, "clone")
    report = verified(tmp_path / "demo", Plan(requests=60, records=3))
    assert "POST /api/v1/data/{object}/{id}/clone" in {route.route for route in report.not_reached}
    assert not report.held


def test_the_command_shows_routes_and_disclosures(capsys: pytest.CaptureFixture[str]) -> None:
    root = checkout()
    assert root is not None
    done = run_command(("verify", str(root / "packages" / "desk"), "--requests", "120", "--records", "4"), capsys)
    assert (done.code, done.out.splitlines()[-1].rpartition(": ")[2]) == (0, "all alike.")
    assert "alike  reached  GET /api/v1/data/{object}/{id}" in done.out
