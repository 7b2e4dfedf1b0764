"""A sheet: what is to be imported, as columns of cells, whatever it was read from.

A reader says in which way each column writes its numbers and days as far as the column shows it; what a cell means is decided where the
field is known that it goes to.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec

DecimalMark = Literal[".", ","]
DateOrder = Literal["ymd", "dmy", "mdy"]
Ambiguous = Literal["ambiguous"]

Cell = Any
"""A text, a number, true or false; a day or an instant is a text in wire form; None for an empty cell, UNSET where there is none.

Rows that were sent as JSON may hold lists and objects, too, and `NOTHING` where they say null. `Unreadable` where something stands that is
no value.
"""


class Nothing(msgspec.Struct, frozen=True):
    """That a field is to have no value: an empty cell says nothing of its field."""


NOTHING = Nothing()


class Unreadable(msgspec.Struct, frozen=True):
    """A cell that holds no value: a formula that nobody has computed, an error such as `#REF!`."""

    message: str
    hint: str | None = None


class ColumnForm(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """How the texts of a column write numbers and days; None where no text shows it.

    `ambiguous` where the texts of the whole column can be read in two ways: such a text is refused until somebody declares the way.
    """

    decimal_mark: DecimalMark | Ambiguous | None = None
    date_order: DateOrder | Ambiguous | None = None


class Detected(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """What a reader found out by itself, told in the answer; `columns` are those about which there is something to say.

    `other_encodings` are as likely as the one that was taken, and make other texts of the file: whoever knows better declares his.
    """

    encoding: str | None = None
    other_encodings: tuple[str, ...] = ()
    separator: str | None = None
    sheet: str | None = None
    columns: Mapping[str, ColumnForm] = {}


class Sheet(msgspec.Struct, frozen=True, eq=False):
    """Rows of cells under columns, each row as long as there are columns.

    `faults` tells by place, from 0, which rows could not be read at all: one with more cells than there are columns.
    """

    columns: tuple[str, ...]
    rows: Sequence[tuple[Cell, ...]]
    detected: Detected = Detected()
    faults: Mapping[int, Unreadable] = {}

    def form(self, column: str) -> ColumnForm:
        """Returns how a column writes numbers and days."""
        return self.detected.columns.get(column, ColumnForm())
