"""Deltas: what is different, laid over what was before, gives what was wanted, whatever was changed in whatever declaration."""

import copy
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fieldstone.registry.layers.delta import delta_between, merged, same
from fieldstone.registry.layers.differences import Difference, differences
from fieldstone.registry.layers.overlay import delta_text, read_delta
from fieldstone.registry.layers.text import yaml_text
from fieldstone.registry.source import parse

ROOT = Path(__file__).parents[3]
TICKET: dict[str, Any] = {
    "name": "ticket",
    "label": "Ticket",
    "fields": {
        "subject": {"type": "text", "required": True},
        "state": {"type": "select", "options": [{"value": "open", "label": "Open"}, {"value": "closed"}]},
    },
    "searchableFields": ["subject", "state"],
}

CHANGES: Mapping[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "nothing": (TICKET, {}),
    "a label": (TICKET | {"label": "Case"}, {"label": "Case"}),
    "a key that is taken away": (
        {key: value for key, value in TICKET.items() if key != "label"},
        {"label": {"$remove": True}},
    ),
    "a key that is null now": (TICKET | {"label": None}, {"label": None}),
    "a list without names": (TICKET | {"searchableFields": ["subject"]}, {"searchableFields": ["subject"]}),
    "a field more": (
        TICKET | {"fields": TICKET["fields"] | {"note": {"type": "text"}}},
        {"fields": {"note": {"type": "text"}}},
    ),
    "fields in another order": (
        TICKET | {"fields": dict(reversed(TICKET["fields"].items()))},
        {"fields": {"$order": ["state", "subject"]}},
    ),
    "an option more, one in other words": (
        TICKET
        | {
            "fields": TICKET["fields"]
            | {
                "state": {
                    "type": "select",
                    "options": [{"value": "open", "label": "New"}, {"value": "closed"}, {"value": "waiting"}],
                }
            }
        },
        {"fields": {"state": {"options": {"open": {"label": "New"}, "waiting": {"value": "waiting"}}}}},
    ),
    "an option less": (
        TICKET | {"fields": TICKET["fields"] | {"state": {"type": "select", "options": [{"value": "closed"}]}}},
        {"fields": {"state": {"options": {"open": {"$remove": True}}}}},
    ),
    "a key that looks like a mark": (
        TICKET | {"label": {"$remove": True}},
        {"label": {"$replace": {"$remove": True}}},
    ),
}


@lru_cache
def declarations() -> list[dict[str, Any]]:
    """Returns every declaration that comes with the project."""
    files = [file for shelf in ("packages", "metadata", "apps") for file in sorted((ROOT / shelf).rglob("*.yaml"))]
    sources = [parse(file.read_text("utf-8"), str(file))[0] for file in files]
    return [source.value for source in sources if source is not None]


SCALARS = (
    st.none() | st.booleans() | st.integers(-9, 9) | st.decimals(-9, 9, places=2) | st.text("ab$ 'x:-#\n", max_size=6)
)
NAMES = st.sampled_from(["name", "label", "value", "fields", "options", "$remove", "$order", "$replace", "new", "yes"])
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=6
)


@pytest.mark.parametrize(("effective", "delta"), CHANGES.values(), ids=CHANGES.keys())
def test_a_delta_holds_what_is_different_alone(effective: dict[str, Any], delta: dict[str, Any]) -> None:
    assert delta_between(TICKET, effective) == delta
    assert merged(TICKET, delta) == effective
    assert list(merged(TICKET, delta)["fields"]) == list(effective["fields"])


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_a_delta_over_what_was_before_gives_what_was_wanted(data: st.DataObject) -> None:
    before = data.draw(st.sampled_from(declarations()))
    after = _changed(copy.deepcopy(before), data)
    delta = delta_between(before, after)
    assert same(merged(before, delta), after)
    assert same(merged(before, read_delta(delta_text(delta))), after)
    assert bool(delta) != same(before, after)
    assert same(merged(None, delta_between(None, after)), after)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(NAMES, VALUES, min_size=1, max_size=4))
def test_what_is_written_as_yaml_is_read_as_it_was(document: dict[str, Any]) -> None:
    text = yaml_text(document)
    source, faults = parse(text, "it.yaml")
    assert faults == []
    assert source is not None
    assert same(source.value, document)
    assert yaml_text(source.value) == text


def test_what_comes_with_the_project_is_written_as_yaml_and_read_again() -> None:
    for document in declarations():
        source, faults = parse(yaml_text(document), "it.yaml")
        assert faults == []
        assert source is not None
        assert source.value == document


def test_what_a_newer_package_adds_stands_behind_what_the_overlay_puts_in_order() -> None:
    delta = {"fields": {"$order": ["state", "subject"]}}
    newer = TICKET | {"fields": TICKET["fields"] | {"added": {"type": "text"}}}
    assert list(merged(newer, delta)["fields"]) == ["state", "subject", "added"]


def test_differences_are_told_by_path_from_member_to_member() -> None:
    wanted = CHANGES["an option more, one in other words"][0] | {"label": "Case"}
    del wanted["searchableFields"]
    assert differences(TICKET, wanted) == [
        Difference("label", "Ticket", "Case"),
        Difference("fields.state.options.open.label", "Open", "New"),
        Difference("fields.state.options.waiting", after={"value": "waiting"}),
        Difference("searchableFields", before=["subject", "state"]),
    ]


def test_numbers_are_the_same_however_they_are_written_and_never_words() -> None:
    assert same({"a": Decimal("1.0")}, {"a": 1})
    assert not same({"a": True}, {"a": 1})
    assert not same({"a": "1"}, {"a": 1})


def _changed(value: Any, data: st.DataObject) -> Any:
    """Returns a document with a few changes anywhere in it."""
    for _ in range(data.draw(st.integers(1, 4))):
        _change(value, data)
    return value


def _change(value: Any, data: st.DataObject) -> None:
    inner = [each for each in (value.values() if isinstance(value, dict) else value) if isinstance(each, dict | list)]
    deeper: int = data.draw(st.integers(0, 3))
    if inner and deeper:
        _change(data.draw(st.sampled_from(inner)), data)
    elif isinstance(value, dict):
        deed = data.draw(st.sampled_from(["set", "remove", "turn"]))
        if deed == "set":
            value[data.draw(NAMES | st.sampled_from(list(value) or ["new"]))] = data.draw(VALUES)
        elif value and deed == "remove":
            del value[data.draw(st.sampled_from(list(value)))]
        elif value:
            first = next(iter(value))
            value[first] = value.pop(first)
    elif data.draw(st.booleans()) and value:
        value.pop(data.draw(st.integers(0, len(value) - 1)))
    elif data.draw(st.booleans()):
        value.reverse()
    else:
        value.insert(data.draw(st.integers(0, len(value))), data.draw(VALUES))
