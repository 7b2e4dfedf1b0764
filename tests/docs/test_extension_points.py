"""`docs/reference/extension-points.md`: what it shows does what it says."""

import runpy
from pathlib import Path
from typing import Any, get_args

import pytest

from docs.generator.extension_points import ACTION_EXAMPLE, EVENTS, HOOK_EXAMPLE, STEP_EXAMPLE
from fieldstone.access.caller import SYSTEM
from fieldstone.engine.activation import activation_of
from fieldstone.engine.hooks import Change, Context, Event, Hook
from fieldstone.engine.operation import Operation, Read, Update
from fieldstone.engine.outcome import Outcome, Page
from fieldstone.errors import FieldFault, Invalid
from fieldstone.flows.actions.call import ActionCall
from fieldstone.flows.inline import InlineJournal
from fieldstone.flows.interpreter import Result, Run, Turn
from fieldstone.flows.journal import Effects
from fieldstone.flows.scope import first_scope
from fieldstone.flows.steps.step import StepType
from fieldstone.kinds.step import StepOptions
from fieldstone.query.cel.types import INT
from fieldstone.query.document import QueryDocument
from fieldstone.registry.flows.graph import Linked, StepKind
from fieldstone.registry.flows.site import Site
from fieldstone.registry.flows.version import flow_of_text
from fieldstone.registry.handlers import Handlers
from tests.worlds import load_world

USED_BY_STEPS = {
    each.__name__: each
    for each in (Effects, Linked, QueryDocument, Read, Result, Site, StepKind, StepOptions, StepType, Turn)
} | {"INT": INT}


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


async def test_the_step_that_is_shown_counts_what_there_is(tmp_path: Path) -> None:
    (tmp_path / "shown.py").write_text(STEP_EXAMPLE, encoding="utf-8")
    shown = runpy.run_path(str(tmp_path / "shown.py"), dict(USED_BY_STEPS))["COUNT"]
    catalog = load_world("office", tmp_path)
    text = b"name: work\nsteps: [{name: notes, type: count, object: note}]\noutputs: {n: '{!step.notes.output + 1}'}"
    graph = flow_of_text(text, "work.flow.yaml", catalog, {"count": shown.kind})

    class Acting:
        """Has seven records of everything."""

        caller, now, key = SYSTEM, "2026-03-06T12:00:00.000Z", ""

        async def execute(self, operation: Operation) -> Outcome:
            """Answers an empty page of seven."""
            assert isinstance(operation, Read)
            return Page(operation.object, (), [], 1, total=7)

    scope = first_scope(graph, activation_of(SYSTEM, Acting.now), {})
    assert await Run(graph, InlineJournal(Acting()), {"count": shown.run}).finish(scope) == {"n": 8}
