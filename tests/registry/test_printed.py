"""Golden messages: what `fieldstone check` prints of one mistake for each code, with its place, its line, its mark and its hint.

`python -m tests.registry.test_printed` writes them anew; read every one of them that changes.
"""

import asyncio
import io
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import chdir, contextmanager
from pathlib import Path

import pytest
from rich.console import Console

from fieldstone.cli.check import compiled
from fieldstone.cli.report import report_faults
from fieldstone.errors import DeclarationError, Fault
from fieldstone.registry.codes import Code
from fieldstone.registry.layers.overlay import Overlays
from fieldstone.settings import Limits
from fieldstone.store.open import open_store
from tests.databases import sqlite_address
from tests.registry.declared import BARE, load, write
from tests.registry.test_faults import cases, overlays_of

GOLDEN = Path(__file__).parent / "golden"
OBJECT = "shop/product.object.yaml"


def _unreadable(folder: Path) -> None:
    (folder / OBJECT).write_bytes(b"name: product\nlabel: Gr\xf6\xdfe\n")


def _too_large(folder: Path) -> None:
    with (folder / OBJECT).open("wb") as file:
        file.truncate(5_000_000)


def _outside(folder: Path) -> None:
    (folder / OBJECT).symlink_to("/etc/hostname")


OF_FILES: Mapping[Code, Callable[[Path], None]] = {
    Code.FILE_UNREADABLE: _unreadable,
    Code.FILE_TOO_LARGE: _too_large,
    Code.FILE_OUTSIDE: _outside,
}


def faults_of(files: Mapping[str, str], overlays: Overlays = ()) -> tuple[Fault, ...]:
    """Returns the faults of an app in the working directory."""
    try:
        load(Path(), files, overlays=overlays)
    except DeclarationError as error:
        return error.faults
    return ()


async def faults_of_the_database() -> tuple[Fault, ...]:
    """Returns the faults of a declaration beside records that it does not fit."""
    for kind in ("text", "number"):
        write(Path(), {**BARE, OBJECT: f"name: product\nfields:\n  weight: {{type: {kind}}}\n"})
        catalog = compiled(Path("app"))
        try:
            store = await open_store(catalog, sqlite_address(Path("a.db")), synchronous="normal", limits=Limits())
        except DeclarationError as error:
            return error.faults
        await store.close()
    return ()


def printed(fault: Fault) -> str:
    """Returns what is printed of a fault."""
    page = io.StringIO()
    report_faults([fault], Console(file=page, highlight=False, soft_wrap=True))
    return page.getvalue().partition("\n\n")[0] + "\n"


def texts() -> dict[Code, str]:
    """Returns what is printed of the first fault of each code."""
    made: dict[Code, str] = {}

    def add(faults: tuple[Fault, ...]) -> None:
        for fault in faults:
            made.setdefault(Code(fault.code), printed(fault))

    for _, case in cases():
        if not {word for word in case["faults"].split() if word in set(Code)} <= made.keys():
            with elsewhere():
                add(faults_of(case["files"], overlays_of(case)))
    for make in OF_FILES.values():
        with elsewhere():
            write(Path(), BARE)
            make(Path())
            add(faults_of({}))
    with elsewhere():
        add(asyncio.run(faults_of_the_database()))
    return made


@contextmanager
def elsewhere() -> Iterator[None]:
    """Makes an empty folder the working directory."""
    with tempfile.TemporaryDirectory() as place, chdir(place):
        yield


@pytest.fixture(scope="module")
def made() -> dict[Code, str]:
    return texts()


@pytest.mark.parametrize("code", list(Code))
def test_what_is_printed_of_a_mistake_is_what_was_read(made: dict[Code, str], code: Code) -> None:
    assert made[code] == (GOLDEN / f"{code}.txt").read_text("utf-8")


def test_no_message_was_read_that_nothing_prints() -> None:
    assert {file.stem for file in GOLDEN.iterdir()} == set(Code)


if __name__ == "__main__":
    for name, text in texts().items():
        (GOLDEN / f"{name}.txt").write_text(text, "utf-8")
