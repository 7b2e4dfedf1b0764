"""How the command line shows what is wrong: faults with the line that they are in, errors with their hint."""

import re
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from fieldstone.errors import DeclarationError, Fault, FieldstoneError

_TOKEN = re.compile(r"\"[^\"]*\"|'[^']*'|[^\s,:{}\[\]]+|.")


def report_error(error: FieldstoneError) -> None:
    """Prints an error on the standard error stream."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    if isinstance(error, DeclarationError):
        report_faults(error.faults, console)
        return
    console.print(Text(error.message, style="bold red"))
    if hint := error.details.get("hint"):
        console.print(Text(str(hint)))


def report_faults(faults: Sequence[Fault], console: Console) -> None:
    """Prints faults in the order of their places, each with its line, and how many there are."""
    lines = {file: _lines(file) for file in {fault.place.file for fault in faults}}
    for fault in faults:
        console.print(_fault_text(fault, lines[fault.place.file]), end="\n\n")
    files = len(lines)
    counted = f"{len(faults)} fault{'s' if len(faults) != 1 else ''} in {files} file{'s' if files != 1 else ''}"
    console.print(Text(counted, style="bold red"))


def _lines(file: str) -> list[str]:
    try:
        return Path(file).read_text("utf-8-sig", errors="replace").split("\n")
    except OSError:
        return []


def _fault_text(fault: Fault, lines: list[str]) -> Text:
    place = fault.place
    text = Text.assemble((str(place), "bold"), " ", (fault.code, "bold red"), " ", fault.message)
    margin = " " * len(str(place.line))
    line = lines[place.line - 1].rstrip().replace("\t", " ") if 0 < place.line <= len(lines) else ""
    if line:
        marked = _TOKEN.match(line, place.column - 1)
        before = " " * (place.column - 1)
        caret = "^" * (len(marked.group()) if marked else 1)
        text.append(f"\n{margin} |", "blue").append(f"\n{place.line} | ", "blue").append(line)
        text.append(f"\n{margin} | ", "blue").append(f"{before}{caret}", "red")
    if fault.hint:
        text.append(f"\n{margin} = ", "blue").append(fault.hint, "green")
    return text
