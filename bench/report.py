"""The report: the sections of a run on the terminal, and the same in `docs/performance.md` between two marks.

The document holds a part for each database, and in it a section for each table. A run replaces the sections that it measured, each in
its place, and leaves all others.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.part import Section

DOCUMENT = Path(__file__).parents[1] / "docs" / "performance.md"
BEGIN = "<!-- bench: begin, written by `python -m bench.run --write` -->"
END = "<!-- bench: end -->"
CHARTS = "charts"
_DATABASE = "\n### "
_SECTION = "\n#### "


def print_sections(database: str, sections: Iterable[Section], console: Console) -> None:
    """Prints the tables of one database, each with what is to be known about it."""
    for section in sections:
        table = Table(title=f"{database}: {section.title}")
        for place, heading in enumerate(section.headings):
            table.add_column(heading, justify="left" if place < section.names else "right")
        for row in section.rows:
            table.add_row(*row)
        console.print(table)
        if section.note:
            console.print(section.note)


def print_missed(sections: Iterable[Section], console: Console) -> bool:
    """Prints the targets that were missed, and tells whether there are any."""
    lines = [line for section in sections for line in section.missed]
    for line in lines:
        console.print(f"[bold red]Missed:[/] {line}", highlight=False)
    return bool(lines)


def write_document(document: Path, database: str, sections: Sequence[Section]) -> None:
    """Puts the sections of one database between the marks of a document, each in the place of its old one or at the end.

    Charts are written into the folder `charts` beside the document.
    """
    text = document.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    inside, _, after = rest.partition(END)
    databases = _split(inside, _DATABASE)
    written = _split("\n" + databases.get(database, ""), _SECTION)
    written |= {section.title: "\n".join(_lines(section)) for section in sections}
    databases[database] = _joined(written, _SECTION)
    for name, drawn in (chart for section in sections for chart in section.charts.items()):
        (document.parent / CHARTS).mkdir(exist_ok=True)
        (document.parent / CHARTS / name).write_text(drawn, encoding="utf-8")
    document.write_text(f"{before}{BEGIN}\n{_joined(databases, _DATABASE)}\n\n{END}{after}", encoding="utf-8")


def _split(text: str, mark: str) -> dict[str, str]:
    """Returns what stands under each heading of a level."""
    pieces = (piece.partition("\n") for piece in text.split(mark)[1:])
    return {title: body for title, _, body in pieces}


def _joined(pieces: dict[str, str], mark: str) -> str:
    return "\n".join(f"{mark}{title}\n\n{body.strip()}" for title, body in pieces.items())


def _lines(section: Section) -> list[str]:
    """Returns the note, the charts and the table of a section in Markdown."""
    rule = ["---"] * section.names + ["---:"] * (len(section.headings) - section.names)
    table = [f"| {' | '.join(row)} |" for row in (section.headings, rule, *section.rows)]
    charts = [f"![{section.title}]({CHARTS}/{name})" for name in section.charts]
    return [*(line for each in (section.note, *charts) if each for line in (each, "")), *table]
