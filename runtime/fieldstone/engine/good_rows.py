"""Creating those of some rows that can be created: all together, and where that is refused, the good ones, found by halving."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from fieldstone.access.caller import Caller
from fieldstone.access.policy import Policy
from fieldstone.engine.create import NewRows, RowsRefused, insert_rows
from fieldstone.engine.door import Door
from fieldstone.engine.outcome import Written
from fieldstone.engine.unit import Unit
from fieldstone.errors import FieldstoneError
from fieldstone.registry.catalog import Object


class Candidates(msgspec.Struct, frozen=True, eq=False):
    """Rows by their places, each ready to be inserted, to be `answered` or not; `refusals` are what befalls a row by itself."""

    subject: Object
    policy: Policy
    rows: Mapping[int, Any]
    refusals: tuple[type[FieldstoneError], ...]
    answered: bool = False


async def create_good(
    door: Door,
    unit: Unit,
    caller: Caller,
    candidates: Candidates,
    places: Sequence[int],
    keep: Callable[[Sequence[int], Written], None],
    refuse: Callable[[int, FieldstoneError], None],
) -> None:
    """Creates the rows of these places as far as they can be created; `keep` is told of those that are, `refuse` of each other one."""
    if not places:
        return
    new = NewRows(
        candidates.subject, candidates.policy, tuple(candidates.rows[place] for place in places), candidates.answered
    )
    try:
        async with unit.nested():
            written = await insert_rows(door, unit, caller, new)
    except RowsRefused as refused:
        for at, error in refused.errors.items():
            refuse(places[at], error)
        left = [place for at, place in enumerate(places) if at not in refused.errors]
        await create_good(door, unit, caller, candidates, left, keep, refuse)
    except candidates.refusals as error:
        if len(places) == 1:
            refuse(places[0], error)
            return
        middle = len(places) // 2
        for half in (places[:middle], places[middle:]):
            await create_good(door, unit, caller, candidates, half, keep, refuse)
    else:
        keep(places, written)
