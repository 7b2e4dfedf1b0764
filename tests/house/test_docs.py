"""The documentation: `docs/reference` says what the code does, and links lead to what is there.

A page's names are its headings that hold nothing but code: "## `lookup`". To add a page, add a row to `PAGES`.
"""

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from docs import generate
from docs.generator.dialects import TABLES
from docs.generator.errors import FIELD_CODES, REASONS
from docs.generator.validations import rule_types
from fieldstone.app_catalog import DIALECT_PARTS
from fieldstone.cli import build_app
from fieldstone.errors import FieldstoneError
from fieldstone.flows.steps.table import STEP_KINDS
from fieldstone.kinds.fields.table import FIELD_TYPES
from fieldstone.kinds.table import KINDS
from fieldstone.query.cel.signatures import MACROS, SIGNATURES
from fieldstone.query.measures import MEASURES
from fieldstone.query.operators import LOGIC, OPERATORS
from fieldstone.registry.codes import Code
from fieldstone.settings import SETTINGS
from tests.house.source import ROOT, RUNTIME, modules_in, tracked_files

REFERENCE = ROOT / "docs" / "reference"
HEADING = re.compile(r"^#+ +`([^`]+)`\s*$", re.MULTILINE)

LINK = re.compile(r"\]\(([^)\s]+)\)")


CLOSED_LIST = frozenset(
    {
        *("required", "invalid_type", "invalid_shape", "unknown_field", "invalid_boolean", "invalid_number"),
        *("invalid_date", "invalid_time", "invalid_email", "invalid_url", "invalid_phone", "invalid_json"),
        *("invalid_format", "min_length", "max_length", "min_value", "max_value", "max_scale"),
        *("min_items", "max_items", "invalid_option", "invalid_value", "reference_not_found", "reference_ambiguous"),
        *("rule_violation", "json_schema_violation", "invalid_initial_state", "invalid_transition"),
    }
)
"""Every code of a field that contract 10.2 knows."""
OF_OUR_OWN = frozenset({"rule_not_evaluable"})
"""A rule that cannot be told to hold refuses a write with a code of its own, which the contract's list lacks."""


def error_codes(root: type[FieldstoneError] = FieldstoneError) -> set[str]:
    """Returns the codes of all errors of the tree in `errors.py`."""
    below = (child for child in root.__subclasses__() if child.__module__ == root.__module__)
    return {code for child in below for code in (child.code, *error_codes(child))}


def command_names(command: Any = None, words: str = "fieldstone") -> Iterator[str]:
    """Yields the words of every command that does something."""
    command = command or build_app()
    if command.default_command is not None:
        yield words
    for name in command:
        if not name.startswith("-"):
            yield from command_names(command[name], f"{words} {name}")


# The file name of a page -> what gives the names that it must have as headings.
PAGES: Mapping[str, Callable[[], Iterable[str]]] = {
    "kinds.md": lambda: {*KINDS, "deployment", "package"},
    "fields.md": lambda: FIELD_TYPES,
    "validations.md": rule_types,
    "steps.md": lambda: STEP_KINDS,
    "objectql.md": lambda: {*LOGIC, *(operator.spelling for operator in OPERATORS.values()), *MEASURES},
    "functions.md": lambda: {*MACROS, *(row.name for row in SIGNATURES)},
    "dialects.md": lambda: DIALECT_PARTS or (),
    "errors.md": error_codes,
    "faults.md": lambda: [code.value for code in Code],
    "settings.md": lambda: [setting.variable for setting in SETTINGS],
    "commands.md": command_names,
    "extension-points.md": lambda: ["hook", "action handler", "field type", "dialect part", "api handler", "flow step"],
}


def page_faults(folder: Path, pages: Mapping[str, Callable[[], Iterable[str]]]) -> Iterator[str]:
    """Yields one line for every name without a heading, heading without a name, and page without a row."""
    for page, names_of in pages.items():
        path = folder / page
        headings = HEADING.findall(path.read_text(encoding="utf-8")) if path.is_file() else []
        names = set(names_of())
        yield from (f"{page}: no heading for `{name}`" for name in sorted(names.difference(headings)))
        yield from (f"{page}: `{name}` is not in the code" for name in headings if name not in names)
    yield from (
        f"{path.name}: checked against nothing" for path in sorted(folder.glob("*.md")) if path.name not in pages
    )


def codes_raised() -> Iterator[tuple[str, str]]:
    """Yields every code of a field and every reason of an Invalid that some line of the code gives, with which of the two it is."""
    calls = (node for module in modules_in(RUNTIME).values() for node in ast.walk(module.tree))
    for call in calls:
        match call:
            case ast.Call(func=ast.Name(id="Rejected"), args=[ast.Constant(value=str(code)), *_]):
                yield "field", code
            case ast.Call(func=ast.Name(id="FieldFault"), args=[_, ast.Constant(value=str(code)), *_]):
                yield "field", code
        if isinstance(call, ast.Call):
            for keyword in call.keywords:
                if keyword.arg == "reason" and isinstance(keyword.value, ast.Constant):
                    yield "reason", str(keyword.value.value)


def link_faults(files: Iterable[Path]) -> Iterator[str]:
    """Yields one line for every link of a page that leads to no file, or to no heading of one."""
    for path in files:
        for target in LINK.findall(path.read_text(encoding="utf-8")):
            name, _, heading = target.partition("#")
            if "://" in target or target.startswith("mailto:"):
                continue
            file = path.parent / name if name else path
            if not file.exists():
                yield f"{path}: {target} leads to no file"
            elif heading and heading not in anchors(file):
                yield f"{path}: {target} leads to no heading"


def anchors(page: Path) -> set[str]:
    """Returns the addresses of the headings of a page."""
    headings = re.findall(r"^#+ +(.+?)\s*$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_reference_says_what_the_code_does() -> None:
    assert list(page_faults(REFERENCE, PAGES)) == []


def test_the_committed_reference_is_what_the_generator_makes(tmp_path: Path) -> None:
    generate.write_pages(tmp_path)
    made, kept = ({page.name: page.read_text() for page in folder.glob("*")} for folder in (tmp_path, REFERENCE))
    stale = sorted(name for name in made | kept if made.get(name) != kept.get(name))
    assert stale == [], "run `make docs`"


def test_the_parts_of_dialects_are_those_that_loading_knows() -> None:
    assert {name: frozenset(parts) for name, (_, parts) in TABLES.items()} == DIALECT_PARTS


def test_the_codes_of_fields_and_the_reasons_are_those_that_the_code_gives() -> None:
    given = set(codes_raised())
    assert {code for kind, code in given if kind == "field"} <= FIELD_CODES.keys() <= CLOSED_LIST | OF_OUR_OWN
    assert {reason for kind, reason in given if kind == "reason"} == REASONS.keys()
    source = "".join(path.read_text(encoding="utf-8") for path in RUNTIME.rglob("*.py"))
    assert [code for code in FIELD_CODES if f'"{code}"' not in source] == []


def test_every_link_leads_somewhere() -> None:
    assert list(link_faults(path for path in tracked_files(ROOT) if path.suffix == ".md")) == []


def test_a_link_to_nowhere_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(
        "# Some `code` here\n\n[x](b.md) [y](#some-code-here) [z](#gone) [w](https://example.org)\n"
    )
    assert [fault.partition(": ")[2] for fault in link_faults([tmp_path / "a.md"])] == [
        "b.md leads to no file",
        "#gone leads to no heading",
    ]


def test_a_missing_heading_a_stale_one_and_an_unchecked_page_are_found(tmp_path: Path) -> None:
    (tmp_path / "kinds.md").write_text("# Kinds\n\n## `object`\n\n## `gone`\n\n## How to read this `page`\n")
    (tmp_path / "other.md").write_text("# Other\n")
    assert list(page_faults(tmp_path, {"kinds.md": lambda: ["object", "seed"], "absent.md": lambda: ["x"]})) == [
        "kinds.md: no heading for `seed`",
        "kinds.md: `gone` is not in the code",
        "absent.md: no heading for `x`",
        "other.md: checked against nothing",
    ]
