"""`fieldstone verify`: green where nothing leaks, red under faults that no sentence has to name, with the change that was told of."""

import asyncio
from pathlib import Path
from random import Random

import pytest

from fieldstone.cli.check import compiled
from fieldstone.identity.credential import credential_of
from fieldstone.proof.roads import table
from fieldstone.proof.stage import open_stage
from fieldstone.proof.verify import compare
from fieldstone.proof.verify.changes import apply, changes_for, seen_by
from fieldstone.proof.verify.population import PLAIN, made_up_test, populate, remember
from fieldstone.proof.verify.run import Plan, Report, verify
from fieldstone.registry.layout import checkout
from tests.access import world
from tests.cli.run import run_command
from tests.databases import sqlite_address
from tests.saboteurs.faults import SABOTEURS, Saboteur

KEPT = Path(__file__).parent / "kept.yaml"
"""A world whose notes have a trash and a history, which the packages' records lack."""

CAUGHT = {
    "count_without_policy",
    "groups_without_policy",
    "record_without_policy",
    "expand_without_policy",
    "invisible_told_from_absent",
}
"""Saboteurs that a verification finds by itself."""

NOTES = "GET /api/v1/data/{object}/{id}"

QUICK = Plan(requests=400, records=5, seed=3)


def verified(place: Path, plan: Plan = QUICK, app: Path | None = None) -> Report:
    root = checkout()
    assert root is not None
    place.mkdir()
    app = app or root / "apps" / "demo"
    return asyncio.run(verify(app, compiled(app), place, plan, lambda _text: None))


def with_trash(tmp_path: Path) -> Path:
    """Returns the folder of an app whose records go to a trash, and keep what they were."""
    return world.write_world(KEPT.read_text(encoding="utf-8"), tmp_path / "app", "kept")


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


def test_the_trash_and_the_past_tell_nothing(tmp_path: Path) -> None:
    report = verified(tmp_path / "trash", Plan(requests=150), with_trash(tmp_path))
    assert (report.leaks, report.unmade) == ((), ())
    reached = {route.route for route in report.routes if route.reached}
    assert reached >= {f"{NOTES}/history", f"{NOTES.replace('GET', 'POST')}/restore", NOTES.replace("GET", "DELETE")}


def test_a_fault_shows_in_the_past(tmp_path: Path) -> None:
    (saboteur,) = [each for each in SABOTEURS if each.name == "history_without_policy"]
    app = with_trash(tmp_path)
    with saboteur.switch():
        report = verified(tmp_path / "past", Plan(requests=400), app)
    assert any(leak.change is not None for leak in report.leaks)


def test_changes_of_every_kind_are_made(tmp_path: Path) -> None:
    async def kinds() -> set[str]:
        app, test = with_trash(tmp_path), made_up_test(compiled(tmp_path / "app"))
        random = Random(1)
        async with open_stage(app, test, sqlite_address(tmp_path / "made.db"), seeds=True) as stage:
            await populate(stage, random, 6)
            await remember(stage)
            caller = await stage.runtime.room.identity.caller(credential_of(str(stage.people[PLAIN].session)))
            changes = changes_for(stage, caller, await seen_by(stage, caller), random)
            of_notes = [change for change in await apply(stage, changes) if change.object.startswith("note")]
            assert sum(change.kind == "new" for change in of_notes) > sum(change.kind == "gone" for change in of_notes)
            return {change.kind if change.version is None else "past" for change in of_notes}

    assert asyncio.run(kinds()) == {"new", "gone", "changed", "past"}


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
