"""`fieldstone schema`: JSON Schemas that say the same as loading does."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from fieldstone.cli.schema import declaration_schemas
from fieldstone.registry.layout import APP_FILE, checkout
from fieldstone.registry.source import parse
from tests.cli.run import Run

KINDS = [
    "action",
    "api",
    "app",
    "calendar",
    "dashboard",
    "deployment",
    "email_template",
    "flow",
    "hook",
    "object",
    "package",
    "permission",
    "policy_test",
    "seed",
    "translation",
    "view",
]


def declarations() -> Iterator[tuple[str, Path]]:
    """Yields every declaration file of this checkout with its kind."""
    root = checkout()
    assert root is not None
    for folder in ("metadata", "packages", "apps"):
        for path in sorted((root / folder).rglob("*.yaml")):
            yield "deployment" if path.name == APP_FILE else path.name.split(".")[-2], path


def validator(kind: str) -> Any:
    return Draft202012Validator(declaration_schemas()[kind])


def test_a_schema_of_every_kind_is_written(tmp_path: Path, run: Callable[..., Run]) -> None:
    done = run("schema", "--out", str(tmp_path / "schemas"))
    assert (done.code, done.out) == (0, f"{len(KINDS)} schemas written to {tmp_path / 'schemas'}/\n")
    written = {path.name: json.loads(path.read_text()) for path in (tmp_path / "schemas").iterdir()}
    assert sorted(written) == [f"{kind}.schema.json" for kind in KINDS]
    for schema in written.values():
        Draft202012Validator.check_schema(schema)


def test_the_schemas_of_this_checkout_are_those_of_its_kinds(tmp_path: Path, run: Callable[..., Run]) -> None:
    root = checkout()
    assert root is not None
    run("schema", "--out", str(tmp_path))
    for path in sorted(tmp_path.iterdir()):
        kept = root / "metadata" / "schemas" / path.name
        assert kept.read_text("utf-8") == path.read_text("utf-8"), "run `fieldstone schema` and commit what it writes"


def test_every_declaration_of_this_checkout_fits_its_schema() -> None:
    validators = {kind: validator(kind) for kind in KINDS}
    seen = set()
    for kind, path in declarations():
        source, faults = parse(path.read_text("utf-8"), str(path))
        assert source is not None
        assert faults == []
        assert [
            error.message for error in validators[kind].iter_errors(json.loads(json.dumps(source.value, default=float)))
        ] == []
        seen.add(kind)
    assert seen == set(KINDS)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("object", {"name": "a", "fields": {"b": {"type": "text", "requird": True}}}),
        ("object", {"name": "a", "fields": {"b": {"type": "txt"}}}),
        ("object", {"name": "a", "fields": {"B": {"type": "text"}}}),
        ("object", {"name": "a"}),
        ("permission", {"name": "A"}),
        ("app", {"name": "a", "packages": "b"}),
    ],
)
def test_what_loading_refuses_a_schema_refuses(kind: str, value: Any) -> None:
    assert list(validator(kind).iter_errors(value))
