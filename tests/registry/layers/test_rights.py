"""Which changes are for administrators: each with a twin that anybody may make who changes metadata."""

from typing import Any

import pytest

from fieldstone.registry.layers.rights import decides_rights, for_administrators

TICKET: dict[str, Any] = {
    "name": "ticket",
    "fields": {
        "subject": {"type": "text"},
        "note": {"type": "text", "requiredPermissions": ["audit:read"]},
        "token": {"type": "secret"},
    },
    "validations": [{"name": "short", "message": "Too long.", "predicate": "record.subject.size() < 9"}],
}


def with_field(name: str, field: dict[str, Any] | None) -> dict[str, Any]:
    """Returns the object with another field of a name, or without one."""
    fields = {key: value for key, value in TICKET["fields"].items() if key != name}
    return TICKET | {"fields": fields if field is None else fields | {name: field}}


OPEN = {
    "a label": TICKET | {"label": "Case"},
    "a field more": with_field("size", {"type": "number"}),
    "a field less": with_field("subject", None),
    "a field in other words": with_field("subject", {"type": "text", "label": "About", "required": True}),
    "a rule more": TICKET | {"validations": [*TICKET["validations"], {"message": "No.", "predicate": "true"}]},
    "an order of keys": dict(reversed(TICKET.items())),
}
CLOSED = {
    "who shares": TICKET | {"sharingModel": "public_read"},
    "what is asked for": TICKET | {"requiredPermissions": []},
    "the wall": TICKET | {"tenancy": "none"},
    "what surfaces offer": TICKET | {"apiMethods": ["get"]},
    "the trash": TICKET | {"enable": {"trash": True}},
    "a field that asks for nothing any more": with_field("note", {"type": "text"}),
    "a field that goes, and might come back open": with_field("note", None),
    "a secret that becomes text": with_field("token", {"type": "text"}),
    "a secret that goes": with_field("token", None),
    "a field under another name": with_field("remark", {"type": "text", "renamedFrom": "note"}),
    "a formula that discloses": with_field(
        "loud", {"type": "formula", "expression": "record.note", "discloses": ["note"]}
    ),
    "records that go along": with_field("of", {"type": "lookup", "reference": "x", "deleteBehavior": "cascade"}),
    "a rule that discloses": TICKET | {"validations": [{**TICKET["validations"][0], "discloses": ["note"]}]},
    "a rule within a rule": TICKET
    | {"validations": [{"type": "conditional", "when": "true", "then": {"predicate": "true", "discloses": ["note"]}}]},
}


@pytest.mark.parametrize("after", OPEN.values(), ids=OPEN)
def test_what_decides_no_rights_is_open_to_whoever_changes_metadata(after: dict[str, Any]) -> None:
    assert not for_administrators("object", TICKET, after)
    assert not for_administrators("object", after, TICKET)


@pytest.mark.parametrize("after", CLOSED.values(), ids=CLOSED)
def test_what_decides_rights_is_for_administrators_both_ways(after: dict[str, Any]) -> None:
    assert for_administrators("object", TICKET, after)
    assert for_administrators("object", after, TICKET)


@pytest.mark.parametrize("kind", ["permission", "action", "flow", "hook", "seed", "email_template", "any_new_kind"])
def test_what_acts_or_speaks_for_others_is_for_administrators(kind: str) -> None:
    assert for_administrators(kind, {"name": "it", "label": "One"}, {"name": "it", "label": "Two"})


@pytest.mark.parametrize("kind", ["calendar", "policy_test", "view", "app", "dashboard", "translation"])
def test_what_nobody_can_do_harm_with_is_open(kind: str) -> None:
    assert not for_administrators(kind, None, {"name": "it"})


def test_a_start_is_stopped_by_what_decides_rights_and_not_by_other_deeds() -> None:
    assert decides_rights("permission", {"name": "clerk"}, {"name": "clerk", "label": "Clerk"})
    assert decides_rights("action", {"name": "go"}, {"name": "go", "runAs": "system"})
    assert decides_rights("flow", {"name": "go"}, {"name": "go", "requiredPermissions": ["audit:read"]})
    assert not decides_rights("action", {"name": "go"}, {"name": "go", "label": "Go"})
    assert not decides_rights("email_template", {"name": "hello"}, {"name": "hello", "subject": "Hi"})
