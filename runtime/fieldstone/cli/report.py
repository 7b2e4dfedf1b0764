"""How the command line shows tables, and what is wrong: faults with the line that they are in, errors with their hint."""

import re
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from fieldstone.errors import DeclarationError, Fault, FieldstoneError, Invalid
from fieldstone.registry.codes import Code
from fieldstone.registry.documents import content_of

LONGEST_LINE = 200
"""Of a longer line, the part around the mark is shown."""

UNBOUNDED = 100_000
"""A line of a table is as long as it is, where it does not go to a terminal."""

_TOKEN = re.compile(r"\"[^\"]*\"|'[^']*'|[^\s,:{}\[\]]+|.")


def report_error(error: FieldstoneError) -> None:
    """Prints an error on the standard error stream."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    if isinstance(error, DeclarationError):
        report_faults(error.faults, console)
        return
    console.print(Text(error.message, style="bold red"))
    for fault in error.faults if isinstance(error, Invalid) else ():
        if fault.message not in error.message:
            console.print(Text(f"{fault.field}: {fault.message}"))
    if hint := error.details.get("hint"):
        console.print(Text(str(hint)))


def table_console() -> Console:
    """Returns where tables are shown."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=UNBOUNDED)


def printable(text: str) -> str:
    """Returns a text as a terminal may show it: what would steer it is spelled out."""
    return "".join(sign if sign.isprintable() or sign == "\n" else f"\\u{ord(sign):04x}" for sign in text)


def report_faults(faults: Sequence[Fault], console: Console) -> None:
    """Prints faults in the order of their places, each with its line, and how many there are."""
    outside = {fault.place.file for fault in faults if fault.code == Code.FILE_OUTSIDE}
    lines = {file: [] if file in outside else _lines(file) for file in {fault.place.file for fault in faults}}
    for fault in faults:
        console.print(_fault_text(fault, lines[fault.place.file]), end="\n\n")
    files = len(lines)
    counted = f"{len(faults)} fault{'s' if len(faults) != 1 else ''} in {files} file{'s' if files != 1 else ''}"
    console.print(Text(counted, style="bold red"))


def _lines(file: str) -> list[str]:
    content = content_of(Path(file), file)
    return [] if isinstance(content, Fault) else content.decode("utf-8-sig", errors="replace").split("\n")


def _fault_text(fault: Fault, lines: list[str]) -> Text:
    place = fault.place
    text = Text.assemble((str(place), "bold"), " ", (fault.code, "bold red"), " ", fault.message)
    margin = " " * len(str(place.line))
    whole = lines[place.line - 1].rstrip().replace("\t", " ") if 0 < place.line <= len(lines) else ""
    first = max(0, min(place.column, len(whole)) - LONGEST_LINE // 2) if len(whole) > LONGEST_LINE else 0
    line = whole[first : first + LONGEST_LINE]
    if line:
        column = place.column - 1 - first
        marked = _TOKEN.match(line, column)
        before = " " * column
        caret = "^" * (len(marked.group()) if marked else 1)
        text.append(f"\n{margin} |", "blue").append(f"\n{place.line} | ", "blue").append(line)
        text.append(f"\n{margin} | ", "blue").append(f"{before}{caret}", "red")
    if fault.hint:
        text.append(f"\n{margin} = ", "blue").append(fault.hint, "green")
    return text
