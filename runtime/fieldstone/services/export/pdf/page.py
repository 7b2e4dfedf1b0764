"""Pages: title, headings, rows and foot, drawn one page after the other, a page for each set of columns."""

import threading
from collections.abc import Sequence
from typing import BinaryIO

import msgspec
from reportlab.lib.colors import Color, HexColor
from reportlab.pdfgen.canvas import Canvas
from reportlab.pdfgen.textobject import PDFTextObject

from fieldstone.services.export.pdf.layout import GAP, MARGIN, SIZE, Layout, Placed
from fieldstone.services.export.pdf.typeface import Typeface, Weight

LEADING = 10.5
"""From line to line, in points."""

PADDING = 3.0
MOST_LINES = 12
"""A cell has so many; a text of more ends in an ellipsis."""

MOST_HEADING_LINES = 3
MOST_ASKED_LINES = 8
FOOT = 24.0
TITLE, SMALL = 16.0, 7.5
INK, GREY, RULE = HexColor("#1b2733"), HexColor("#5d6b7a"), HexColor("#d3dbe4")
HEAD, BAND = HexColor("#e8edf3"), HexColor("#f6f8fa")
TOTAL = "total"
"""The name of what is drawn where the number of pages stands, which is known at the end."""

_saving = threading.Lock()
"""Parts of the fonts are put into one document at a time: they are read from one place in one stream."""


class Heading(msgspec.Struct, frozen=True):
    """What stands above the records: on the first page the title, what is told and asked, on each the headings of the columns."""

    title: str
    told: str
    asked: tuple[str, ...]
    columns: tuple[str, ...]


class Line(msgspec.Struct, frozen=True):
    """A row: the lines of each of its cells."""

    cells: Sequence[Sequence[str]]

    @property
    def height(self) -> float:
        """How high it is, in points."""
        return max(map(len, self.cells), default=1) * LEADING + 2 * PADDING


class Pages:
    """The pages of a document; rows are kept until a page is full."""

    def __init__(self, sink: BinaryIO, layout: Layout, heading: Heading, face: Typeface, at: str) -> None:
        """Begins a document that is written to `sink`, made at an instant."""
        self._layout = layout
        self._heading = heading
        self._face = face
        self._canvas = Canvas(sink, pagesize=layout.size, pageCompression=1, invariant=1)
        self._canvas.setTitle(heading.title)
        self._canvas.setSubject(heading.told)
        self._canvas.setCreator("Fieldstone")
        stamp = "".join(sign for sign in at[:19] if sign.isdigit())
        self._canvas.setDateFormatter(lambda *_moment: f"D:{stamp}Z")
        self._rooms = layout.rooms
        self._heads = [
            self._lines(face.bold, text, place, MOST_HEADING_LINES)[0] for place, text in enumerate(heading.columns)
        ]
        self._page = 0
        self._rows: list[Line] = []
        self._asked = self._asked_lines()
        self._room = self._top() - self._bottom()

    def broken(self, texts: Sequence[str]) -> tuple[list[list[str]], bool]:
        """Returns the texts of a row as the lines of its cells, and whether nothing of them is missing."""
        cells = [self._lines(self._face.regular, text, place, MOST_LINES) for place, text in enumerate(texts)]
        return [lines for lines, _ in cells], all(whole for _, whole in cells)

    def add(self, row: Line) -> None:
        """Takes a further row, and draws a page when that is full."""
        if row.height > self._room and self._rows:
            self._draw_page(())
        self._rows.append(row)
        self._room -= row.height

    def end(self, told: Sequence[str]) -> None:
        """Draws what is left, with some lines below it, and writes the document."""
        if len(told) * LEADING + PADDING > self._room and self._rows:
            self._draw_page(())
        self._draw_page(told)
        canvas = self._canvas
        canvas.beginForm(TOTAL)
        self._write(self._face.regular, str(canvas.getPageNumber() - 1), 0, 0, SMALL, GREY)
        canvas.endForm()
        with _saving:
            canvas.save()

    def _lines(self, weight: Weight, text: str, place: int, most: int) -> tuple[list[str], bool]:
        return weight.lines(text, SIZE, self._rooms[place], most)

    def _asked_lines(self) -> list[str]:
        width = self._layout.size[0] - 2 * MARGIN
        lines = [
            line
            for text in self._heading.asked
            for line in self._face.regular.lines(text, SIZE, width, MOST_ASKED_LINES)[0]
        ]
        return lines if len(lines) <= MOST_ASKED_LINES else [*lines[: MOST_ASKED_LINES - 1], "…"]

    def _top(self) -> float:
        """Returns where the table begins on the page that is next."""
        top = self._layout.size[1] - MARGIN
        return top if self._page else top - TITLE - LEADING * (len(self._asked) + 1) - 2 * PADDING - 6

    def _bottom(self) -> float:
        return MARGIN + FOOT + self._head_height()

    def _head_height(self) -> float:
        return max(map(len, self._heads)) * LEADING + 2 * PADDING if self._heads else 0.0

    def _draw_page(self, told: Sequence[str]) -> None:
        """Draws the rows that are kept, once for each set of columns."""
        for number, group in enumerate(self._layout.sets, 1):
            if not self._page:
                self._draw_title()
            y = self._draw_table(group, self._top())
            for line in told if number == len(self._layout.sets) else ():
                y -= LEADING
                self._write(self._face.regular, line, MARGIN, y - PADDING, SMALL, GREY)
            self._draw_foot(number)
            self._canvas.showPage()
        self._page += 1
        self._rows = []
        self._room = self._top() - self._bottom()

    def _draw_title(self) -> None:
        y = self._layout.size[1] - MARGIN - TITLE * 0.8
        title, _ = self._face.bold.lines(self._heading.title, TITLE, self._layout.size[0] - 2 * MARGIN, 1)
        self._write(self._face.bold, title[0], MARGIN, y, TITLE, INK)
        for line in (self._heading.told, *self._asked):
            y -= LEADING + (4 if line is self._heading.told else 0)
            self._write(self._face.regular, line, MARGIN, y, SIZE, GREY)

    def _draw_table(self, group: tuple[Placed, ...], top: float) -> float:
        """Draws headings and rows from a height on, the ground first and all texts at once; returns where they end."""
        ink = self._canvas.beginText()
        ink.setFillColor(INK)
        y = top
        if self._heads:
            height = self._head_height()
            self._draw_ground(group, y, height, HEAD, INK, 0.8)
            self._put_cells(ink, self._face.bold, group, self._heads, y)
            y -= height
        for number, row in enumerate(self._rows):
            height = row.height
            self._draw_ground(group, y, height, BAND if number % 2 else None, RULE, 0.3)
            self._put_cells(ink, self._face.regular, group, row.cells, y)
            y -= height
        self._canvas.drawText(ink)
        return y

    def _draw_ground(
        self, group: tuple[Placed, ...], y: float, height: float, color: Color | None, rule: Color, width: float
    ) -> None:
        """Draws what is below a row: its color, if it has one, and the rule under it."""
        canvas, right = self._canvas, group[-1].left + group[-1].width
        if color is not None:
            canvas.setFillColor(color)
            canvas.rect(MARGIN, y - height, right - MARGIN, height, stroke=0, fill=1)
        canvas.setStrokeColor(rule)
        canvas.setLineWidth(width)
        canvas.line(MARGIN, y - height, right, y - height)

    def _put_cells(
        self,
        ink: PDFTextObject,
        weight: Weight,
        group: tuple[Placed, ...],
        cells: Sequence[Sequence[str]],
        y: float,
    ) -> None:
        for placed in group:
            for number, line in enumerate(cells[placed.index]):
                if line:
                    left = placed.left + GAP
                    if placed.at_right:
                        left += placed.room - weight.width(line, SIZE)
                    _put(ink, weight, line, left, y - PADDING - LEADING * (number + 0.78), SIZE)

    def _draw_foot(self, set_number: int) -> None:
        sets = len(self._layout.sets)
        right = self._layout.size[0] - MARGIN
        told = f"{self._heading.title} · columns {set_number} of {sets}" if sets > 1 else self._heading.title
        line, _ = self._face.regular.lines(told, SMALL, right - MARGIN - 120, 1)
        self._write(self._face.regular, line[0], MARGIN, MARGIN, SMALL, GREY)
        page = f"Page {self._canvas.getPageNumber()} of "
        width = self._face.regular.width(page, SMALL)
        left = right - width - self._face.regular.width("000", SMALL)
        self._write(self._face.regular, page, left, MARGIN, SMALL, GREY)
        self._canvas.saveState()
        self._canvas.translate(left + width, MARGIN)
        self._canvas.doForm(TOTAL)
        self._canvas.restoreState()

    def _write(self, weight: Weight, line: str, x: float, y: float, size: float, color: Color) -> None:
        ink = self._canvas.beginText()
        ink.setFillColor(color)
        _put(ink, weight, line, x, y, size)
        self._canvas.drawText(ink)


def _put(ink: PDFTextObject, weight: Weight, line: str, x: float, y: float, size: float) -> None:
    """Puts a line where it begins."""
    ink.setTextOrigin(x, y)
    for run in weight.runs(line):
        ink.setFont(run.font, size)
        ink.textOut(run.text)
