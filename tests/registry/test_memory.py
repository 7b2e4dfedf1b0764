"""Loading again: what has not changed is not done again, and what comes of it is what loading from nothing comes to."""

from itertools import pairwise
from pathlib import Path

import pytest

from fieldstone.errors import DeclarationError
from fieldstone.registry.memory import Memory
from fieldstone.registry.source import parse
from tests.registry.declared import load
from tests.registry.told import told

HOUSE = """\
name: house
fields:
  street: {type: text}
  rooms: {type: number, scale: 0}
  price: {type: currency}
  per_room: {type: formula, returnType: number, scale: 2, expression: price / rooms}
  visits: {type: summary, summaryOperations: {object: visit, function: count}}
  hours: {type: summary, summaryOperations: {object: visit, function: sum, field: hours}}
enable: {trackHistory: true}
validations:
  - {name: sane, type: script, condition: rooms < 0, message: A house has rooms.}
"""
VISIT = """\
name: visit
sharingModel: controlled_by_parent
fields:
  house: {type: master_detail, reference: house}
  agent: {type: lookup, reference: agent, lookupFilters: [{field: active, operator: eq, value: true}], displayField: name}
  hours: {type: number, scale: 2}
  twice: {type: formula, returnType: number, scale: 2, expression: hours * 2.0}
"""
AGENT = "name: agent\nfields:\n  name: {type: text}\n  active: {type: boolean}\n"
SET = """\
name: seller
label: Seller
objects: {house: {allowRead: true, allowEdit: true}, visit: {allowRead: true}, agent: {allowRead: true}}
rowLevelSecurity:
  - {name: large, object: house, operation: select, using: rooms > 2}
"""
FILES = {
    "shop/house.object.yaml": HOUSE,
    "shop/visit.object.yaml": VISIT,
    "shop/agent.object.yaml": AGENT,
    "shop/seller.permission.yaml": SET,
}
EDITS: list[tuple[str, str, str]] = [
    ("agent.object", "  name: {type: text}", "  name: {type: text, label: Called}\n  mail: {type: email}"),
    ("agent.object", "active: {type: boolean}", "active: {type: text}"),
    ("agent.object", "active: {type: text}", "active: {type: boolean}"),
    ("house.object", "price / rooms", "price * 2.0 / rooms"),
    ("visit.object", "hours * 2.0", "hours * 3.0"),
    ("house.object", "function: sum, field: hours", "function: max, field: twice"),
    ("visit.object", "hours * 3.0", "hours * 4.0"),
    ("visit.object", "displayField: name", "displayField: mail"),
    ("agent.object", "  mail: {type: email}\n", ""),
    ("agent.object", "  name:", "  mail: {type: email}\n  name:"),
    ("seller.permission", "rooms > 2", "rooms > 3"),
    ("house.object", "  rooms: {type: number, scale: 0}", "  room_count: {type: number, scale: 0}"),
    ("house.object", "  room_count: {type: number, scale: 0}", "  rooms: {type: number, scale: 0, min: 0}"),
    ("visit.object", "reference: house", "reference: hause"),
    ("visit.object", "reference: hause", "reference: house"),
    ("house.object", "rooms < 0", "rooms < 1"),
    ("agent.object", "name: agent\n", "name: agent\nidPrefix: ag_\n"),
    ("house.object", "name: house\n", "name: house\nidPrefix: ag_\n"),
    ("house.object", "idPrefix: ag_", "idPrefix: hs_"),
]
"""A file, what stands in it, and what is put in its place: one after the other, some of them wrong."""


def loaded(folder: Path, files: dict[str, str], memory: Memory) -> object:
    """Returns everything that loading comes to, be it faults."""
    try:
        return told(load(folder, files, memory=memory))
    except DeclarationError as error:
        return [str(fault) for fault in error.faults]


def test_loading_again_comes_to_what_loading_from_nothing_does(tmp_path: Path) -> None:
    memory, files = Memory(), dict(FILES)
    outcomes = [told(load(tmp_path, files, memory=memory))]
    for name, old, new in EDITS:
        path = f"shop/{name}.yaml"
        assert old in files[path], (name, old)
        files[path] = files[path].replace(old, new)
        again = loaded(tmp_path, files, memory)
        assert again == loaded(tmp_path, files, Memory()), (name, old, new)
        outcomes.append(again)
    assert sum(isinstance(outcome, list) for outcome in outcomes) == 5
    assert all(one != other for one, other in pairwise(outcomes))


def test_objects_come_and_go(tmp_path: Path) -> None:
    memory = Memory()
    load(tmp_path, FILES, memory=memory)
    more = {**FILES, "shop/key.object.yaml": "name: key\nfields: {house: {type: lookup, reference: house}}\n"}
    assert loaded(tmp_path, more, memory) == loaded(tmp_path, more, Memory())
    (tmp_path / "shop/key.object.yaml").unlink()
    assert loaded(tmp_path, FILES, memory) == loaded(tmp_path, FILES, Memory())


def test_an_object_that_hangs_on_nothing_that_changed_is_the_same_one(tmp_path: Path) -> None:
    memory = Memory()
    before = load(tmp_path, FILES, memory=memory).objects
    changed = {**FILES, "shop/house.object.yaml": HOUSE.replace("rooms < 0", "rooms < 1")}
    after = load(tmp_path, changed, memory=memory).objects
    assert after["agent"] is before["agent"]
    assert after["sys_user"] is before["sys_user"]
    assert after["house"] is not before["house"]


def test_the_code_of_packages_is_run_again_when_it_has_changed_alone(tmp_path: Path) -> None:
    memory = Memory()
    code = "from fieldstone.registry.handlers import Handlers\nasync def close(context, call): ...\n"
    files = {**FILES, "shop/handlers.py": code + "HANDLERS = Handlers(actions={'close': close})\n"}
    first = load(tmp_path, files, memory=memory).handlers
    assert load(tmp_path, files, memory=memory).handlers is first
    files["shop/handlers.py"] += "\n"
    assert load(tmp_path, files, memory=memory).handlers is not first


def test_only_a_file_that_has_changed_is_parsed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = Memory()
    load(tmp_path, FILES, memory=memory)
    parsed: list[str] = []

    def counted(text: str, file: str) -> object:
        parsed.append(Path(file).name)
        return parse(text, file)

    monkeypatch.setattr("fieldstone.registry.documents.parse", counted)
    load(tmp_path, {**FILES, "shop/agent.object.yaml": AGENT + "label: Agent\n"}, memory=memory)
    assert [name for name in parsed if name not in ("app.yaml", "package.yaml")] == ["agent.object.yaml"]
