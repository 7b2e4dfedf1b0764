"""From rows of cells to rows of values: each cell stripped, taken for blank or null, transformed, and read as its field reads it.

Everything wrong with a row is found here as far as that goes without looking at its record; references of all rows are looked up together.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import UNSET

from fieldstone.access.caller import Caller
from fieldstone.engine.batch_record import ROWS_WITHOUT_PAUSE
from fieldstone.engine.body import read_value, rejected_faults
from fieldstone.engine.door import Door
from fieldstone.engine.operation import Import, ImportColumn
from fieldstone.engine.unit import Fetch
from fieldstone.engine.validate import reference_fault
from fieldstone.errors import FieldFault
from fieldstone.kinds.fields.field_type import Rejected
from fieldstone.registry.catalog import Field, Object
from fieldstone.services.imports.coercion import coerce, members
from fieldstone.services.imports.references import Means, Searched, find_meant
from fieldstone.services.imports.sheet import NOTHING, Unreadable

ID = "id"


class ReadRow(msgspec.Struct, frozen=True, eq=False):
    """A row as it was read: the values that it sets, in wire form, and what is wrong with it; `fault` where it could not be read."""

    values: dict[str, Any]
    faults: list[FieldFault]
    fault: Unreadable | None = None


class Cells:
    """The cells of one import on their way to values; `searched` says how each reference is looked up, None where nothing can be found."""

    def __init__(self, subject: Object, operation: Import, searched: Mapping[str, Searched | None]) -> None:
        self._subject = subject
        self._operation = operation
        self._searched = searched
        self._meant: dict[str, Means] = {}

    async def read(self, door: Door, fetch: Fetch, caller: Caller) -> list[ReadRow]:
        """Returns all rows with their values."""
        for place, column in enumerate(self._operation.columns):
            searched = self._searched.get(column.field)
            if searched is not None:
                field = self._subject.fields[column.field]
                texts = {text for row in self._operation.rows for text in self._texts(field, column, row, place)}
                self._meant[column.field] = await find_meant(door, fetch, caller, field, searched, sorted(texts))
        rows = []
        for row in self._operation.rows:
            rows.append(self._row(row))
            if len(rows) % ROWS_WITHOUT_PAUSE == 0:
                await asyncio.sleep(0)
        return rows

    def _row(self, cells: Any) -> ReadRow:
        if isinstance(cells, Unreadable):
            return ReadRow({}, [], cells)
        row = ReadRow({}, [])
        for column, cell in zip(self._operation.columns, cells, strict=True):
            self._put(column, cell, row)
        return row

    def _put(self, column: ImportColumn, cell: Any, row: ReadRow) -> None:
        """Puts what a cell means into its row."""
        field = self._subject.fields[column.field]
        if isinstance(cell, Unreadable):
            row.faults.append(FieldFault(field.name, "invalid_value", f"{field.label}: {cell.message}", field.label))
            return
        cell = self._plain(column, cell)
        if cell is UNSET:
            if column.required:
                row.faults.append(FieldFault(field.name, "required", f"{field.label} is required", field.label))
        elif field.name == ID:
            row.values.update({} if cell is None else {ID: str(cell)})
        elif cell is None:
            row.values[field.name] = None
        elif field.name in self._searched:
            self._refer(field, cell, row)
        else:
            self._set(field, column, cell, row)

    def _set(self, field: Field, column: ImportColumn, cell: Any, row: ReadRow) -> None:
        if field.type.mask is not None and cell == field.type.mask:
            return
        try:
            value = coerce(field, cell, column)
        except Rejected as rejected:
            row.faults.extend(rejected_faults(field, rejected, cell))
        else:
            row.faults.extend(read_value(field, value, row.values))

    def _refer(self, field: Field, cell: Any, row: ReadRow) -> None:
        """Puts the ids of the records into a row that its cell means."""
        meant = self._meant.get(field.name, {})
        ids: list[str] = []
        for text in _members(field, cell):
            found = meant.get(text, frozenset())
            if len(found) == 1:
                ids.extend(found)
            elif found:
                message = f"{field.label}: several records are called `{text}`"
                row.faults.append(FieldFault(field.name, "reference_ambiguous", message, field.label, None, text))
            else:
                row.faults.append(msgspec.structs.replace(reference_fault(field), value=text))
        if not any(fault.field == field.name for fault in row.faults):
            row.faults.extend(read_value(field, ids if field.multiple else ids[0], row.values))

    def _texts(self, field: Field, column: ImportColumn, row: Any, place: int) -> Sequence[str]:
        cell = UNSET if isinstance(row, Unreadable) else self._plain(column, row[place])
        return () if cell is UNSET or cell is None or isinstance(cell, Unreadable) else _members(field, cell)

    def _plain(self, column: ImportColumn, cell: Any) -> Any:
        """Returns a cell without the space around it and transformed; UNSET for a blank one, None for one that means nothing."""
        if isinstance(cell, str):
            text = cell.strip()
            if text in self._operation.null_values:
                return None
            cell = _TRANSFORMS[column.transform](text if self._operation.trim_whitespace else cell)
        if cell is UNSET or cell is None or cell == "":
            return UNSET if column.default is None else column.default
        return None if cell is NOTHING else cell


def _members(field: Field, cell: Any) -> list[str]:
    """Returns the texts by which a cell means records."""
    if not field.multiple:
        return [str(cell)]
    return [str(item) for item in cell] if isinstance(cell, list) else members(str(cell))


_TRANSFORMS: Mapping[str, Callable[[str], str]] = {
    "none": str,
    "uppercase": str.upper,
    "lowercase": str.lower,
    "trim": str.strip,
    "date_format": str,
    "lookup": str,
}
"""What becomes of a text before it is read."""
