"""Declarations that mean harm: each is refused with its place and its reason, in bounded time and memory."""

import os
import socket
import tempfile
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fieldstone.errors import DeclarationError
from fieldstone.registry.load import load_app
from tests.query.quickly import within
from tests.registry.declared import BARE, PARTS, PLATFORM, faults_of, load, write

PRODUCT = "shop/product.object.yaml"
NAMED = "name: product\nfields: {title: {type: text}}\n"
SECONDS = 5.0
MOST_BYTES = 20 * 1024 * 1024
LONGEST_FAULT = 1000
MOST_FAULTS = 500
ANCHORS = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + level)}: &{chr(98 + level)} [{', '.join([f'*{chr(97 + level)}'] * 9)}]\n" for level in range(20)
)
LONG = "x" * 100_000

TEXTS = {
    "a bomb of aliases": (ANCHORS, "YAML_TOO_COMPLEX"),
    "an alias of what it stands in": ("name: product\nfields: &a {title: *a}\n", "YAML_SYNTAX"),
    "four hundred thousand aliases": ("name: product\nx: [&a y, " + "*a, " * 380_000 + "]\n", "YAML_TOO_COMPLEX"),
    "brackets in brackets": ("a: " + "[" * 1_000_000, "YAML_TOO_COMPLEX"),
    "braces in braces": ("{a: " * 300_000, "YAML_TOO_COMPLEX"),
    "lists in lists": ("- " * 500_000, "YAML_TOO_COMPLEX"),
    "keys in keys": ("\n".join(" " * depth + "a:" for depth in range(1500)), "YAML_TOO_COMPLEX"),
    "the same key without end": ("name: product\n" + "a: 1\n" * 300_000, "YAML_DUPLICATE_KEY"),
    "keys that mean nothing": ("name: product\n" + "".join(f"k{n}: 1\n" for n in range(20_000)), "UNKNOWN_KEY"),
    "words that are booleans to some": (f"name: product\nfields: [{'yes,' * 400_000}]\n", "YAML_AMBIGUOUS"),
    "more fields than a table has columns": (
        "name: product\nfields:\n" + "".join(f"  f{n}: {{type: lookup, reference: n{n}}}\n" for n in range(3_000)),
        "WRONG_VALUE",
    ),
    "a number of a million digits": (f"name: product\nfields: {{}}\nlabel: {'9' * 1_000_000}\n", "YAML_AMBIGUOUS"),
    "an expression in parentheses": (
        f"name: product\nfields: {{sum: {{type: formula, returnType: number, expression: '{'(' * 19_000}'}}}}\n",
        "EXPRESSION",
    ),
    "an expression that is too long": (
        f"name: product\nfields: {{sum: {{type: formula, returnType: number, expression: '{'1+' * 900_000}1'}}}}\n",
        "EXPRESSION",
    ),
    "a pattern that runs for ever": (
        f"name: product\nfields: {{title: {{type: text, pattern: '{'(a+)+' * 3000}$'}}}}\n",
        "FIELD_OPTION",
    ),
    "a tag of a hundred thousand letters": (f"name: product\nfields: !{LONG} {{}}\n", "YAML_UNSUPPORTED"),
    "a key of a hundred thousand letters": (f"name: product\nfields:\n  ? {LONG}\n  : {{type: text}}\n", "WRONG_VALUE"),
    "an anchor of a hundred thousand letters": (f"name: product\nlabel: *{LONG}\n", "YAML_SYNTAX"),
    "a value of a hundred thousand digits": (
        f"name: product\nfields: {{}}\nlabel: 0{'1' * 100_000}\n",
        "YAML_AMBIGUOUS",
    ),
    "a zero byte": (f"{NAMED}label: a\0b\n", "YAML_SYNTAX"),
    "a tab": ("name: product\nfields:\n\ttitle: {type: text}\n", "YAML_SYNTAX"),
    "nothing but comments": ("#" * 1_900_000, "YAML_SYNTAX"),
    "document after document": ("---\n" * 400_000, "YAML_UNSUPPORTED"),
    "a directive after the other": ("%YAML 1.1\n" * 90_000, "YAML_SYNTAX"),
}


@pytest.mark.parametrize(("text", "code"), [pytest.param(*case, id=name) for name, case in TEXTS.items()])
def test_a_text_that_means_harm_is_refused_in_bounded_time_and_memory(tmp_path: Path, text: str, code: str) -> None:
    write(tmp_path, {PRODUCT: ""})
    (tmp_path / PRODUCT).write_text(text, "utf-8")
    with within(SECONDS):
        faults = faults_of(tmp_path, {})
    assert code in {line.split()[1] for line in faults}
    assert all(line.startswith(f"{PRODUCT}:") for line in faults)
    assert max(map(len, faults)) < LONGEST_FAULT
    assert len(faults) <= MOST_FAULTS


@pytest.mark.parametrize("name", ["a bomb of aliases", "the same key without end", "brackets in brackets"])
def test_a_text_that_means_harm_takes_no_more_memory_than_some_copies_of_it(tmp_path: Path, name: str) -> None:
    text, _ = TEXTS[name]
    write(tmp_path, {PRODUCT: text})
    with peak_below(MOST_BYTES + 16 * len(text)):
        faults_of(tmp_path, {})


def test_a_mark_at_the_front_of_a_file_is_no_part_of_it(tmp_path: Path) -> None:
    assert faults_of(tmp_path, {PRODUCT: f"\ufeff{NAMED}"}) == []


def test_text_of_another_encoding_is_refused_where_it_begins(tmp_path: Path) -> None:
    write(tmp_path, BARE)
    for name, encoding in (("a", "utf-16"), ("b", "latin-1")):
        (tmp_path / f"shop/{name}.object.yaml").write_bytes(
            f"name: {name}\nlabel: Käse\nfields: {{}}\n".encode(encoding)
        )
    assert [line.rsplit(" (", 1)[0] for line in faults_of(tmp_path, {})] == [
        "shop/a.object.yaml:1:1 FILE_UNREADABLE Byte 0xff is not UTF-8.",
        "shop/b.object.yaml:2:9 FILE_UNREADABLE Byte 0xe4 is not UTF-8.",
    ]


def test_a_file_of_fifty_megabytes_is_not_even_read(tmp_path: Path) -> None:
    write(tmp_path, BARE)
    with (tmp_path / PRODUCT).open("wb") as file:
        file.truncate(50 * 1024 * 1024)
    with peak_below(MOST_BYTES):
        faults = faults_of(tmp_path, {})
    assert faults == [f"{PRODUCT}:1:1 FILE_TOO_LARGE The file has 52,428,800 bytes; 2,000,000 is the most. (Split it.)"]


@contextmanager
def peak_below(most: int) -> Iterator[None]:
    """Fails when the block takes more memory at a time."""
    tracemalloc.start()
    try:
        yield
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < most


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(path.name)


def _link_to_itself(path: Path) -> None:
    path.symlink_to(path)


def _link_to_a_folder(path: Path) -> None:
    (path.parent / "inner").mkdir()
    path.symlink_to(path.parent / "inner")


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (Path.mkdir, "FILE_UNREADABLE This is no file, but a folder."),
        (_pipe, "FILE_UNREADABLE This is no file, but a pipe."),
        (_socket, "FILE_UNREADABLE This is no file, but a socket."),
        (_link_to_itself, "FILE_UNREADABLE The file cannot be read: Too many levels of symbolic links."),
        (_link_to_a_folder, "FILE_UNREADABLE This is no file, but a folder."),
        (
            lambda path: path.symlink_to("/dev/zero"),
            "FILE_OUTSIDE `a.object.yaml` links to something outside of the package.",
        ),
        (
            lambda path: path.symlink_to("/etc/passwd"),
            "FILE_OUTSIDE `a.object.yaml` links to something outside of the package.",
        ),
    ],
)
def test_what_is_no_file_is_told_and_waited_for_by_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], None], told: str
) -> None:
    write(tmp_path, BARE)
    monkeypatch.chdir(tmp_path / "shop")
    make(tmp_path / "shop/a.object.yaml")
    [fault] = faults_of(tmp_path, {})
    assert fault.startswith(f"a.object.yaml:1:1 {told} (")


@pytest.mark.parametrize("what", ["shop/product.object.yaml", "shop/inner"])
def test_what_may_not_be_read_is_told(what: str) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        folder.chmod(0o755)
        write(folder, {**PLATFORM, **BARE, PRODUCT: NAMED, "shop/inner/a.object.yaml": NAMED.replace("product", "a")})
        load(folder, {})
        (folder / what).chmod(0)
        with as_somebody(), pytest.raises(DeclarationError) as refused:
            load_app(folder / "app", parts=PARTS, cache=None, platform=folder / "metadata")
        (folder / what).chmod(0o755)
    [fault] = refused.value.faults
    assert (fault.place.file, fault.code) == (str(folder / what), "FILE_UNREADABLE")
    assert fault.message.endswith(" cannot be read: Permission denied.")
    assert fault.hint == "Let the server's user read it."


@contextmanager
def as_somebody() -> Iterator[None]:
    """Runs the block as a user whom permissions hold for."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.parametrize("name", ['"./a\\0b"', '"a\\0b"', f"./{LONG}", LONG, "/dev", "/proc/self/fd", "../../../.."])
def test_a_package_whose_name_means_harm_is_not_there(tmp_path: Path, name: str) -> None:
    faults = faults_of(tmp_path, {"app/app.yaml": f"name: app\npackages:\n- {name}\nsurfaces: {{apis: []}}\n"})
    assert [line.split()[:2] for line in faults] == [["app/app.yaml:3:3", "UNKNOWN_PACKAGE"]]
    assert len(faults[0]) < LONGEST_FAULT


def test_one_package_cannot_declare_what_another_one_does(tmp_path: Path) -> None:
    files = {
        "app/app.yaml": "name: app\npackages: [../shop, ../thief, ../other/shop]\nsurfaces: {apis: []}\n",
        "thief/package.yaml": "name: thief\n",
        "thief/product.object.yaml": NAMED,
        "thief/sys_user.object.yaml": "name: sys_user\nfields: {title: {type: text}}\n",
        PRODUCT: NAMED,
        "other/shop/package.yaml": "name: shop\n",
    }
    assert sorted(line.split()[0] + " " + line.split()[1] for line in faults_of(tmp_path, files)) == [
        "other/shop/package.yaml:1:7 NAME_CLASH",
        "thief/product.object.yaml:1:7 NAME_CLASH",
        "thief/sys_user.object.yaml:1:7 NAME_CLASH",
    ]
