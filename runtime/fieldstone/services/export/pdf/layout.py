"""The layout of a table on paper: how wide its columns are, whether the page lies, and which columns stand together on it.

Widths are made of the headings and of the first records. A table that fits an upright page stands upright; else the page lies, and its
texts break into more lines; where even that is too narrow, the columns go on in further sets, each on pages of its own behind the same
first column.
"""

from collections.abc import Sequence

import msgspec
from reportlab.lib.pagesizes import A4, landscape

from fieldstone.query.storage import StorageClass
from fieldstone.services.export.pdf.typeface import Typeface
from fieldstone.services.export.sheet import Column

SIZE = 8.0
"""Of the letters of the table, in points."""

MARGIN = 36.0
GAP = 4.0
"""Between the text of a cell and its edges."""

WIDEST = 190.0
"""A column that must share the page takes no more for its texts."""

NARROWEST = 72.0
"""To so much the texts of a column are narrowed, before columns go on in a further set."""

_NUMBERS = frozenset({StorageClass.INTEGER, StorageClass.DECIMAL, StorageClass.DOUBLE})
_UNBROKEN = _NUMBERS | {StorageClass.DAY, StorageClass.INSTANT, StorageClass.BOOLEAN}
_SLACK = 0.1
"""So that no text is too wide by the rounding of sums."""


class Placed(msgspec.Struct, frozen=True):
    """A column on a page: which one, where it begins and how wide it is in points, and whether its texts stand at its right."""

    index: int
    left: float
    width: float
    at_right: bool

    @property
    def room(self) -> float:
        """How wide a text may be."""
        return self.width - 2 * GAP


class Layout(msgspec.Struct, frozen=True):
    """The size of the pages, and the columns of each set, from left to right."""

    size: tuple[float, float]
    sets: tuple[tuple[Placed, ...], ...]

    @property
    def rooms(self) -> dict[int, float]:
        """How wide the texts of each column may be; one that stands in several sets has the same lines in all."""
        widest = sorted(((placed.index, placed.room) for group in self.sets for placed in group), reverse=True)
        return dict(widest)


class Wish(msgspec.Struct, frozen=True):
    """How wide a column would be, and how narrow it can be."""

    wide: float
    narrow: float


def lay_out(columns: Sequence[Column], texts: Sequence[Sequence[str]], first: int, face: Typeface) -> Layout:
    """Returns the layout of a table with such texts; the column at `first` stands in every set."""
    wishes = [_wish(column, [row[place] for row in texts], face) for place, column in enumerate(columns)]
    upright, lying = A4, landscape(A4)
    wide = sum(wish.wide for wish in wishes)
    size = upright if wide <= _room(upright) else lying
    narrow = sum(wish.narrow for wish in wishes)
    groups = [list(range(len(wishes)))] if narrow <= _room(lying) else _groups(wishes, first, _room(lying))
    sets = tuple(_placed(group, columns, wishes, _room(size)) for group in groups)
    return Layout(size, sets)


def is_number(column: Column) -> bool:
    """Tells whether a column holds numbers, whose digits stand below each other."""
    return column.title is None and column.storage.kind in _NUMBERS


def _room(size: tuple[float, float]) -> float:
    return size[0] - 2 * MARGIN


def _wish(column: Column, texts: Sequence[str], face: Typeface) -> Wish:
    words = column.heading.split() or [""]
    heading = max(face.bold.width(word, SIZE) for word in words)
    widest = max((face.regular.width(line, SIZE) for text in texts for line in text.splitlines()), default=0.0)
    whole = max(heading, widest) + 2 * GAP + _SLACK
    wide = min(whole, WIDEST)
    stiff = column.title is None and column.storage.kind in _UNBROKEN
    unbroken = stiff or not any(" " in text for text in texts)
    return Wish(wide, wide if unbroken else min(wide, max(NARROWEST, heading + 2 * GAP + _SLACK)))


def _groups(wishes: Sequence[Wish], first: int, room: float) -> list[list[int]]:
    """Returns the columns in sets that each fit into the room, the first column in front of each."""
    comfortable = [min(wish.wide, max(wish.narrow, WIDEST * 0.6)) for wish in wishes]
    groups: list[list[int]] = []
    used = room
    for place, width in enumerate(comfortable):
        if place == first:
            continue
        if used + width > room:
            groups.append([first])
            used = comfortable[first]
        groups[-1].append(place)
        used += width
    return groups or [[first]]


def _placed(group: list[int], columns: Sequence[Column], wishes: Sequence[Wish], room: float) -> tuple[Placed, ...]:
    """Returns the columns of a set where they stand: as wide as they wish, or each as much narrower as it can be."""
    wide, narrow = sum(wishes[place].wide for place in group), sum(wishes[place].narrow for place in group)
    share = 1.0 if wide <= room or wide == narrow else max((room - narrow) / (wide - narrow), 0.0)
    spare = max(room - wide, 0.0) / max(wide, 1.0)
    placed: list[Placed] = []
    left = MARGIN
    for place in group:
        wish = wishes[place]
        width = (wish.narrow + (wish.wide - wish.narrow) * share) * (1 + min(spare, 0.5))
        placed.append(Placed(place, left, width, is_number(columns[place])))
        left += width
    return tuple(placed)
