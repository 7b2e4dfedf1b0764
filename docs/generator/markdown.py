"""Markdown: the few forms that the pages of the reference are made of."""

from collections.abc import Iterable, Sequence

MADE = "<!-- Made from the code by `make docs`. Change the code, not this page. -->"


def page(title: str, *parts: str) -> str:
    """Returns a whole page; parts are blocks, and empty ones are left out."""
    return "\n\n".join([f"# {title}", MADE, *(part for part in parts if part)]) + "\n"


def code(text: object) -> str:
    """Returns a text as code."""
    return f"`{text}`"


def codes(texts: Iterable[object]) -> str:
    """Returns texts as code, with commas between them."""
    return ", ".join(map(code, texts))


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Returns a table; empty when it has no rows."""
    lines = [_row(row) for row in rows]
    if not lines:
        return ""
    return "\n".join([_row(header), "|".join(["", *["---"] * len(header), ""]), *lines])


def fenced(text: str, language: str = "") -> str:
    """Returns a block of code."""
    return f"```{language}\n{text.rstrip()}\n```"


def paragraph(text: str | None) -> str:
    """Returns a docstring as one paragraph for each of its own."""
    blocks = (text or "").strip().split("\n\n")
    return "\n\n".join(" ".join(block.split()) for block in blocks)


def summary(text: str | None) -> str:
    """Returns the first paragraph of a docstring."""
    return paragraph(text).split("\n\n", maxsplit=1)[0]


def anchor(heading: str) -> str:
    """Returns the address of a heading within its page."""
    return "#" + heading.lower().replace("`", "").replace(" ", "-")


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"
