"""The attack suite: each attack comes to nothing, and its control shows that the way is open to whoever may go it."""

import pytest

from tests.attacks.attack import Attack, read_attacks
from tests.attacks.siege import Siege

ATTACKS = read_attacks()
IN_THE_STORE = {"invisible_records", "probing", "writes_by_id"}
"""Families that come as far as the database, whichever it is."""

attacks = pytest.mark.parametrize
pytestmark = pytest.mark.asyncio(loop_scope="session")


def called(attack: Attack) -> str:
    return f"{attack.family}: {attack.name}"


@attacks("attack", [each for each in ATTACKS if not each.lasts], ids=called)
async def test_an_attack_comes_to_nothing_and_its_control_does_not(siege: Siege, attack: Attack) -> None:
    await siege.carry_out(attack)


@attacks("attack", [each for each in ATTACKS if each.family in IN_THE_STORE and not each.lasts], ids=called)
async def test_an_attack_on_postgresql_comes_to_nothing(postgres_siege: Siege, attack: Attack) -> None:
    await postgres_siege.carry_out(attack)


@attacks("attack", [each for each in ATTACKS if each.lasts], ids=called)
async def test_an_attack_in_steps_comes_to_nothing(lasting_siege: Siege, attack: Attack) -> None:
    await lasting_siege.carry_out(attack)


async def test_there_are_enough_attacks_each_with_a_name_of_its_own() -> None:
    assert len({attack.name for attack in ATTACKS}) == len(ATTACKS)
    assert len({attack.name.rstrip(" 0123456789") for attack in ATTACKS}) >= 60
    assert {attack.family for attack in ATTACKS} >= IN_THE_STORE
