"""What comes of an Operation. Rows stay tuples until a face encodes them: names once, values per row."""

from typing import Any

import msgspec

from fieldstone.errors import FieldstoneError


class Page(msgspec.Struct, frozen=True):
    """A page of records: `columns` names each place of the rows. `total` is None when it was not asked for.

    `cursor` is None on the last page. `limit` is the page size in force. An expanded column holds a dict where its
    target is visible, else the id as it stands.
    """

    object: str
    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    limit: int
    total: int | None = None
    cursor: str | None = None

    def records(self) -> list[dict[str, Any]]:
        """Returns the rows by name, for code that reads a few of them."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


class Record(msgspec.Struct, frozen=True):
    """One record; `version` is there even when the field was not selected."""

    object: str
    columns: tuple[str, ...]
    row: tuple[Any, ...]
    version: int


class Written(msgspec.Struct, frozen=True):
    """Records after a write, in the order of the operation: each as its writer may read it, or None where he may not.

    `versions` stands beside `ids`, place by place.
    """

    object: str
    ids: tuple[str, ...]
    versions: tuple[int, ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...] | None, ...]


class Deleted(msgspec.Struct, frozen=True):
    """A record that is gone."""

    object: str
    id: str


class BatchRow(msgspec.Struct, frozen=True):
    """What came of one row of a batch; `index` counts from 0. `record` is there when it was asked for and may be read."""

    index: int
    id: str | None
    error: FieldstoneError | None = None
    columns: tuple[str, ...] = ()
    record: tuple[Any, ...] | None = None


class BatchResult(msgspec.Struct, frozen=True):
    """What came of a batch, row by row."""

    object: str
    operation: str
    rows: tuple[BatchRow, ...]


Outcome = Page | Record | Written | Deleted | BatchResult
