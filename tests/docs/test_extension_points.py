"""`docs/reference/extension-points.md`: what it shows does what it says."""

import runpy
from pathlib import Path
from typing import Any, get_args

import pytest

from docs.generator.extension_points import ACTION_EXAMPLE, EVENTS, HOOK_EXAMPLE
from fieldstone.engine.hooks import Change, Context, Event, Hook
from fieldstone.engine.operation import Update
from fieldstone.errors import FieldFault, Invalid
from fieldstone.flows.actions.call import ActionCall
from fieldstone.registry.handlers import Handlers


async def test_the_hook_that_is_shown_refuses_what_it_says_it_refuses(tmp_path: Path) -> None:
    names: dict[str, Any] = {
        "Change": Change,
        "Context": Context,
        "FieldFault": FieldFault,
        "Hook": Hook,
        "Invalid": Invalid,
    }
    (tmp_path / "shown.py").write_text(HOOK_EXAMPLE, encoding="utf-8")
    (hook,) = runpy.run_path(str(tmp_path / "shown.py"), names)["BOOKING_HOOKS"]
    assert hook.event in EVENTS
    for days in (4, None):
        await hook.function(None, Change("booking", "id", {"days": days}, None))
    with pytest.raises(Invalid) as refusal:
        await hook.function(None, Change("booking", "id", {"days": 5}, None))
    assert [fault.field for fault in refusal.value.faults] == ["days"]


def test_every_event_is_explained() -> None:
    assert EVENTS.keys() == set(get_args(Event))


async def test_the_handler_that_is_shown_hands_its_operation_to_the_door(tmp_path: Path) -> None:
    names: dict[str, Any] = {"ActionCall": ActionCall, "Context": Context, "Handlers": Handlers, "Update": Update}
    (tmp_path / "shown.py").write_text(ACTION_EXAMPLE, encoding="utf-8")
    handlers = runpy.run_path(str(tmp_path / "shown.py"), names)["HANDLERS"]
    done: list[Any] = []

    class Door:
        """Takes operations down."""

        async def execute(self, operation: Any) -> None:
            """Takes one down."""
            done.append(operation)

    call = ActionCall("booking.rename", {"title": "New"}, "booking", "B", {"id": "B", "version": 3})
    assert await handlers.actions["rename_booking"](Door(), call) == "B"
    assert done == [Update("booking", "B", {"title": "New"}, 3)]
