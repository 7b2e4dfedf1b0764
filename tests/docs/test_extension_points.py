"""`docs/reference/extension-points.md`: the hook that it shows does what it says."""

import runpy
from pathlib import Path
from typing import Any, get_args

import pytest

from docs.generator.extension_points import EVENTS, HOOK_EXAMPLE
from fieldstone.engine.hooks import Change, Context, Event, Hook
from fieldstone.errors import FieldFault, Invalid


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
