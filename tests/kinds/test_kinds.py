"""The table of kinds: what can be declared, and what each Struct insists on."""

from typing import Any

import msgspec
import pytest

from fieldstone.kinds.fields.choice import SelectOptions
from fieldstone.kinds.table import KINDS


def test_the_kinds() -> None:
    assert {name: kind.plural for name, kind in KINDS.items()} == {
        "object": "objects",
        "permission": "permissions",
        "action": "actions",
        "hook": "hooks",
        "api": "apis",
        "seed": "seeds",
        "email_template": "email_templates",
        "policy_test": "policy_tests",
        "flow": "flows",
        "calendar": "calendars",
        "view": "views",
        "dashboard": "dashboards",
        "app": "apps",
        "translation": "translations",
    }


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_every_kind_has_a_schema_and_refuses_unknown_keys(kind: Any) -> None:
    assert msgspec.json.schema(kind.struct)["$defs"][kind.struct.__name__]["additionalProperties"] is False
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"unknown": 1}, kind.struct)


def test_an_object_holds_its_fields_by_type() -> None:
    declared: Any = msgspec.convert(
        {"name": "ticket", "fields": {"status": {"type": "select", "options": [{"value": "open", "default": True}]}}},
        KINDS["object"].struct,
    )
    status = declared.fields["status"]
    assert isinstance(status, SelectOptions)
    assert status.default_value == "open"
