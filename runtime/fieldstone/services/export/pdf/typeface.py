"""The typeface of documents: which font draws which sign, how wide a text is, and how it breaks into lines.

Noto Sans draws what it has, FiraGO the Arabic, Hebrew, Thai, Devanagari and Georgian; both come with a package, so a document looks alike
wherever it is made. A sign that neither has, such as a Chinese one or a picture, is drawn as `MISSING` and counted: nothing is left out
unsaid. What is read from right to left is joined and turned (Unicode's bidirectional algorithm) line by line.
"""

import io
import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from importlib import import_module

import msgspec
from arabic_reshaper import ArabicReshaper
from bidi import get_display
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

MISSING = "\N{WHITE VERTICAL RECTANGLE}"
"""Stands for a sign that no font has."""

ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"

_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]")
_PLAIN = re.compile("[ -~]*")
"""What the first font has all of."""

_VARIANTS = range(0xFE00, 0xFE10)
"""Signs that choose among the pictures of the sign before them."""

_join_letters = ArabicReshaper({"delete_harakat": False}).reshape


class Run(msgspec.Struct, frozen=True):
    """A part of a line that one font draws."""

    font: str
    text: str


class Weight:
    """One weight of the typeface: its fonts, the first that has a sign draws it."""

    def __init__(self, *fonts: TTFont) -> None:
        """Takes fonts; the names by which a document asks for them are their own."""
        for font in fonts:
            pdfmetrics.registerFont(font)
        self._fonts = tuple((font.fontName, font.face.charToGlyph, font.face.charWidths) for font in fonts)
        self._main, _, widths = self._fonts[0]
        self._known: dict[str, tuple[str, str, float]] = {}
        self._plain_widths = [widths.get(code, 0.0) for code in range(128)]

    def width(self, text: str, size: float) -> float:
        """Returns how wide a line is, in points."""
        if _PLAIN.fullmatch(text):
            thousandths: float = sum(map(self._plain_widths.__getitem__, text.encode()))
            return thousandths * size / 1000
        known = self._known
        return sum((known.get(sign) or self._look_up(sign))[2] for sign in text) * size / 1000

    def runs(self, text: str) -> list[Run]:
        """Returns a line in the order in which it is drawn, as parts of one font each."""
        if _PLAIN.fullmatch(text):
            return [Run(self._main, text)]
        if _RIGHT_TO_LEFT.search(text):
            text = get_display(_join_letters(text))
        runs: list[tuple[str, list[str]]] = []
        for sign in text:
            font, drawn, _ = self._known.get(sign) or self._look_up(sign)
            if not runs or runs[-1][0] != font:
                runs.append((font, []))
            runs[-1][1].append(drawn)
        return [Run(font, "".join(signs)) for font, signs in runs]

    def missing(self, text: str) -> int:
        """Returns how many signs of a text no font has."""
        if _PLAIN.fullmatch(text):
            return 0
        return sum(sign != MISSING and (self._known.get(sign) or self._look_up(sign))[1] == MISSING for sign in text)

    def lines(self, text: str, size: float, room: float, most: int) -> tuple[list[str], bool]:
        """Returns a text as lines that fit into a width, at most so many, and whether that is all of it."""
        lines: list[str] = []
        for line in self._broken(text, size, room):
            if len(lines) == most:
                lines[-1] = self._shortened(lines[-1], size, room)
                return lines, False
            lines.append(line)
        return lines, True

    def _broken(self, text: str, size: float, room: float) -> Iterator[str]:
        for part in text.splitlines() or [""]:
            line = unicodedata.normalize("NFC", " ".join(part.split()))
            if self.width(line, size) <= room:
                yield line
            else:
                yield from self._wrapped(line, size, room)

    def _wrapped(self, line: str, size: float, room: float) -> Iterator[str]:
        """Yields lines that break between words, and within those that are too long for a line."""
        begun = ""
        for word in line.split(" "):
            longer = f"{begun} {word}" if begun else word
            if self.width(longer, size) <= room:
                begun = longer
                continue
            if begun:
                yield begun
            begun = word
            while self.width(begun, size) > room and len(begun) > 1:
                fits = self._fitting(begun, size, room)
                yield begun[:fits]
                begun = begun[fits:]
        yield begun

    def _fitting(self, text: str, size: float, room: float) -> int:
        """Returns how many signs of a text fit into a width, at least one."""
        used, units = 0.0, room * 1000 / size
        for count, sign in enumerate(text):
            used += (self._known.get(sign) or self._look_up(sign))[2]
            if used > units:
                return max(count, 1)
        return len(text)

    def _shortened(self, line: str, size: float, room: float) -> str:
        while line and self.width(line + ELLIPSIS, size) > room:
            line = line[:-1]
        return line + ELLIPSIS

    def _look_up(self, sign: str) -> tuple[str, str, float]:
        """Returns the font that draws a sign, what it draws, and how wide that is in thousandths."""
        code = ord(sign)
        found = next(((name, sign, widths[code]) for name, glyphs, widths in self._fonts if code in glyphs), None)
        if found is None:
            unseen = code in _VARIANTS or unicodedata.category(sign) == "Cf"
            found = (self._main, "", 0.0) if unseen else self._look_up(MISSING)
        self._known[sign] = found
        return found


class Typeface(msgspec.Struct, frozen=True, eq=False):
    """The weights in which a document is written."""

    regular: Weight
    bold: Weight


@cache
def load_typeface() -> Typeface:
    """Returns the typeface of all documents; the fonts are read once, for the first of them."""
    return Typeface(
        regular=Weight(_font("NotoSans_Regular"), _font("FiraGO_Regular")),
        bold=Weight(_font("NotoSans_Bold"), _font("FiraGO_Bold")),
    )


def _font(name: str) -> TTFont:
    """Returns a font of the package, which keeps each in a module as packed text that takes a while to unpack."""
    return TTFont(name, io.BytesIO(import_module(f"pymupdf_fonts.{name}").fontbuffer))
