"""Apps of any size: so many objects with so many fields, of which one has so many row rules. The same on every run."""

from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import yaml

FIELDS = 15
PACKAGE = "many"
READER = "reader"
_STATES = {"type": "select", "options": [{"value": "open", "label": "Open"}, {"value": "closed", "label": "Closed"}]}
_KINDS: tuple[dict[str, Any], ...] = (
    {"type": "number", "scale": 0},
    {"type": "text", "maxLength": 80},
    {"type": "datetime"},
    {"type": "currency", "min": 0},
    {"type": "boolean", "defaultValue": False},
    _STATES,
    {"type": "email"},
    {"type": "number", "scale": 2},
    {"type": "textarea"},
    {"type": "date"},
)


def write_app(app: Path, objects: int, *, fields: int = FIELDS, rules: int = 0) -> None:
    """Writes an app into a folder that is empty; its first object is held to `rules` row rules by the permission set `reader`."""
    package = app / PACKAGE
    (package / "objects").mkdir(parents=True)
    (package / "permissions").mkdir()
    _write(app / "app.yaml", {"name": "bench", "label": "Benchmark", "packages": [f"./{PACKAGE}"]})
    _write(package / "package.yaml", {"name": PACKAGE, "label": "Many", "version": "0.1.0"})
    for place in range(objects):
        write_object(app, place, fields=fields)
    _write(package / "permissions" / f"{READER}.permission.yaml", _reader(rules))


def write_object(app: Path, place: int, *, fields: int = FIELDS, label: str = "Thing") -> None:
    """Writes the object of a place, which refers to the one of half that place."""
    declared = dict(islice(_fields(place), fields))
    thing = {
        "name": name_of(place),
        "label": f"{label} {place}",
        "sharingModel": "public_read_write",
        "fields": declared,
        "indexes": [{"fields": ["state", "at"]}],
    }
    _write(app / PACKAGE / "objects" / f"{name_of(place)}.object.yaml", thing)


def name_of(place: int) -> str:
    """Returns the name of the object of a place."""
    return f"thing_{place}"


def record(place: int, *, fields: int = FIELDS) -> dict[str, Any]:
    """Returns the values of a record of the first object."""
    values: dict[str, Any] = {
        "number": place % 100,
        "text": f"thing {place}",
        "datetime": f"2026-01-{place % 28 + 1:02d}T{place % 24:02d}:00:00.000Z",
        "currency": place % 1000 / 4,
        "boolean": place % 2 == 0,
        "select": "open" if place % 3 else "closed",
        "email": f"thing-{place}@fieldstone.example",
        "textarea": f"Some words on thing {place}",
        "date": f"2026-02-{place % 28 + 1:02d}",
    }
    return {name: values[field["type"]] for name, field in islice(_fields(0), fields) if field["type"] in values}


def _fields(place: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yields fields without end; of the first five the lists of the benchmark make use."""
    yield "title", {"type": "text", "required": True, "maxLength": 120, "searchable": True}
    yield "state", _STATES
    yield "size", {"type": "number", "scale": 0, "min": 0}
    yield "due", {"type": "date"}
    yield "at", {"type": "datetime"}
    if place:
        yield "up", {"type": "lookup", "reference": name_of(place // 2)}
    yield "double", {"type": "formula", "returnType": "number", "expression": "record.size * 2.0"}
    for number, kind in enumerate(cycle(_KINDS)):
        yield f"field_{number}", kind


def _reader(rules: int) -> dict[str, Any]:
    """Returns a permission set that grants all objects to read and holds the first one to rules of which the last lets every row pass."""
    declared: dict[str, Any] = {
        "name": READER,
        "label": "Reader",
        "objects": {name_of(0): {"allowRead": True, "allowCreate": True}},
    }
    if rules:
        declared["rowLevelSecurity"] = [_rule(number, is_last=number == rules - 1) for number in range(rules)]
    return declared


def _rule(number: int, *, is_last: bool) -> dict[str, Any]:
    return {
        "name": f"rule_{number}",
        "object": name_of(0),
        "operation": "select",
        "using": "size >= 0" if is_last else f"size == {-1 - number}",
    }


def _write(path: Path, declared: dict[str, Any]) -> None:
    path.write_text(yaml.safe_dump(declared, sort_keys=False), encoding="utf-8")
