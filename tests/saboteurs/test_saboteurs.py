"""Each saboteur turns its access case red by the roads that are there to catch it, and that are green without it."""

import asyncio
from collections.abc import Container
from pathlib import Path

import pytest

from fieldstone.proof.judge import ANY_ROAD, Finding, judge
from tests.access import world
from tests.attacks.attack import read_attacks
from tests.attacks.conftest import besieged
from tests.databases import sqlite_address
from tests.saboteurs.breaches import BREACHES, Breach
from tests.saboteurs.faults import SABOTEURS, Saboteur

CASES = Path(world.__file__).parent


def findings(name: str, folder: Path, roads: Container[str]) -> list[Finding]:
    """Returns what does not hold of an access case by some roads."""
    folder.mkdir()
    app = world.write_world((CASES / f"{name}.yaml").read_text(encoding="utf-8"), folder / name, name)
    return list(asyncio.run(judge(app, name, sqlite_address(folder / "case.db"), roads)).findings)


@pytest.mark.parametrize("saboteur", SABOTEURS, ids=lambda saboteur: saboteur.name)
def test_the_access_suite_turns_red_under(saboteur: Saboteur, tmp_path: Path) -> None:
    assert findings(saboteur.case, tmp_path / "honest", saboteur.caught_by) == []
    with saboteur.switch():
        found = findings(saboteur.case, tmp_path / "sabotaged", saboteur.caught_by)
    roads = {finding.road for finding in found}
    green = [road for road in saboteur.caught_by if not any(name.endswith(f" {road}") for name in roads)]
    assert not green, f"these roads noticed nothing: {green}; these did: {sorted(roads)}"


@pytest.mark.parametrize("breach", BREACHES, ids=lambda breach: breach.name)
async def test_an_attack_comes_through(breach: Breach, tmp_path: Path) -> None:
    (attack,) = [attack for attack in read_attacks() if attack.name == breach.attack]
    with breach.switch():
        async with besieged(tmp_path, sqlite_address(tmp_path / "world.db"), lasting=attack.lasts) as siege:
            with pytest.raises(AssertionError):
                await siege.carry_out(attack)


def test_a_case_is_green_once_the_saboteurs_are_gone(tmp_path: Path) -> None:
    for saboteur in SABOTEURS:
        with saboteur.switch():
            pass
    assert findings("owner_private", tmp_path / "after", ANY_ROAD) == []


def test_every_saboteur_has_a_name_of_its_own() -> None:
    assert len({saboteur.name for saboteur in SABOTEURS}) == len(SABOTEURS) >= 18
