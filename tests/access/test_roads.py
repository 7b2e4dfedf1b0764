"""The table of roads against what is mounted: every route leads to data by roads, or is said, with a reason, to lead to none."""

import asyncio
from pathlib import Path
from typing import get_args

import pytest

from fieldstone.engine.operation import Operation
from fieldstone.kinds.api import DataOperation
from fieldstone.proof.judge import judge
from fieldstone.proof.roads import table
from fieldstone.proof.roads.table import DATA_ROADS, HANDLER_ROADS, NO_DATA, OPERATIONS, address
from fieldstone.proof.stage import open_stage
from fieldstone.surfaces.rest.table import Route
from tests.access.world import write_world
from tests.databases import sqlite_address

PLAIN = """
says: A plain case.
objects: {note: {ownership: none, fields: {title: {type: text}, price: {type: number}}}}
sets:
  reader: {objects: {note: {allowRead: true}}}
  blind: {objects: {note: {allowRead: true}}, fields: {note.price: {readable: false}}}
users: {tom: [reader], bea: [blind], eva: []}
rows: {a: {object: note, title: a title, price: 7123456}}
"""


@pytest.fixture(scope="module")
def routes(tmp_path_factory: pytest.TempPathFactory) -> list[Route]:
    """Every route of the native surface and of the second dialect."""

    async def found() -> list[Route]:
        folder = tmp_path_factory.mktemp("plain")
        address = sqlite_address(folder / "plain.db")
        async with open_stage(write_world(PLAIN, folder / "plain", "plain"), "plain", address) as stage:
            return [route for mount in stage.mounts for route in mount.table.routes]

    return asyncio.run(found())


def unexplained(routes: list[Route]) -> list[tuple[str, str]]:
    """Returns the routes that have neither a road nor a reason for having none."""
    return [
        address(route)
        for route in routes
        if not (
            DATA_ROADS.get(route.declaration.operation)
            if route.declaration.operation is not None
            else HANDLER_ROADS.get(str(route.declaration.handler)) or NO_DATA.get(str(route.declaration.handler))
        )
    ]


def test_every_route_has_roads_or_a_reason_for_none(routes: list[Route]) -> None:
    assert unexplained(routes) == []


def test_a_route_without_either_is_found(routes: list[Route], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(NO_DATA, "openapi.docs")
    monkeypatch.delitem(DATA_ROADS, "get")
    found = unexplained(routes)
    assert ("GET", "/api/v1/docs") in found
    assert ("GET", "/api/v1/data/{object}/{id}") in found


def test_no_route_has_both_and_none_is_named_that_is_not_there(routes: list[Route]) -> None:
    assert not HANDLER_ROADS.keys() & NO_DATA.keys()
    assert HANDLER_ROADS.keys() | NO_DATA.keys() <= {str(route.declaration.handler) for route in routes}


def test_every_operation_of_the_door_is_reached_by_roads() -> None:
    assert OPERATIONS.keys() == set(get_args(Operation))
    reached = {operation for operations in OPERATIONS.values() for operation in operations}
    assert reached == set(DATA_ROADS) == set(get_args(DataOperation))


def findings(tmp_path: Path, sentences: str) -> list[str]:
    folder = write_world(PLAIN + sentences, tmp_path / "plain", "plain")
    found = asyncio.run(judge(folder, "plain", sqlite_address(tmp_path / "plain.db"))).findings
    return [f"{finding.sentence}: {finding.told}" for finding in found]


def test_a_sentence_that_is_not_true_is_told_for_every_road(tmp_path: Path) -> None:
    found = findings(tmp_path, "can: [tom reads a, eva reads a]\ncannot: [tom reads note.price]")
    assert found.count("can eva reads a: refused") > 20
    assert len([line for line in found if line.startswith("cannot tom reads note.price: ")]) > 20
    assert not [line for line in found if line.startswith("can tom reads a: refused")]


def test_a_refusal_that_nobody_vouches_for_is_told(tmp_path: Path) -> None:
    found = findings(tmp_path, "cannot: [eva reads a]")
    assert set(found) == {"cannot eva reads a: nobody is allowed this by the same road"}


def test_a_sentence_that_no_road_leads_to_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "DATA_ROADS", {})
    assert findings(tmp_path, "can: [tom reads a]") == ["can tom reads a: closed"]
