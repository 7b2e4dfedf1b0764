"""A thousand objects load in a moment. The bounds are this process's own seconds, and wide; the figures to hold are under 2 s and 0.3 s."""

import time
from pathlib import Path

from fieldstone.registry.catalog import Catalog
from fieldstone.registry.layout import platform_folder
from fieldstone.registry.load import load_app
from fieldstone.registry.memory import Memory
from tests.registry.declared import BARE, write

OBJECTS = 1000
COLD_SECONDS = 5.0
CACHED_SECONDS = 1.5


def declaration(number: int) -> str:
    """Returns an object of 15 fields that points to the next."""
    lines = [f"name: thing_{number}", f"label: Thing {number}", "fields:"]
    lines += [f"  text_{i}: {{type: text, label: Text {i}, required: true, maxLength: 120}}" for i in range(5)]
    lines += [f"  number_{i}:\n    type: number\n    label: Number {i}\n    min: 1\n    scale: 2" for i in range(4)]
    lines += [f"  choice_{i}: {{type: select, options: [{{value: a}}, {{value: b, label: B}}]}}" for i in range(2)]
    lines += [
        "  day: {type: date}",
        "  moment: {type: datetime, index: true}",
        "  flag: {type: boolean, defaultValue: true}",
    ]
    lines += [f"  next: {{type: lookup, reference: thing_{(number + 1) % OBJECTS}}}", ""]
    return "\n".join(lines)


def timed(folder: Path, memory: Memory | None = None) -> tuple[Catalog, float]:
    """Returns the catalog and the seconds that loading it took."""
    start = time.process_time()
    catalog = load_app(folder / "app", parts=None, cache=folder / "cache", platform=platform_folder(), memory=memory)
    return catalog, time.process_time() - start


def timed_after(folder: Path, name: str, text: str, memory: Memory) -> float:
    """Returns the seconds that loading takes after one file was written."""
    write(folder, {name: text})
    return timed(folder, memory)[1]


def test_a_thousand_objects_of_fifteen_fields_load_quickly_and_from_the_cache_at_once(tmp_path: Path) -> None:
    write(tmp_path, {**BARE, **{f"shop/thing_{number}.object.yaml": declaration(number) for number in range(OBJECTS)}})
    first, cold = timed(tmp_path)
    again, cached = min((timed(tmp_path) for _ in range(3)), key=lambda pair: pair[1])
    things = [subject for name, subject in again.objects.items() if name.startswith("thing_")]
    assert len(things) == OBJECTS
    assert all(len(thing.declaration.fields) == 15 for thing in things)
    assert again.version == first.version
    assert cold < COLD_SECONDS
    assert cached < CACHED_SECONDS
    assert cached < cold


def test_to_load_again_after_one_change_is_a_part_of_the_work(tmp_path: Path) -> None:
    files = {f"shop/thing_{number}.object.yaml": declaration(number) for number in range(OBJECTS)}
    write(tmp_path, {**BARE, **files})
    memory = Memory()
    timed(tmp_path, memory)
    whole = max(timed(tmp_path)[1] for _ in range(2))
    edited = (declaration(7) + f"description: Edit {number}\n" for number in range(3))
    again = min(timed_after(tmp_path, "shop/thing_7.object.yaml", text, memory) for text in edited)
    assert again < whole * 3 / 4
