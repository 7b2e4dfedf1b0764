"""What is told of each row of an import: what became of it, and of one that failed, what is wrong and how to mend it.

Nothing is told here that the refusal of a single write would not tell.
"""

from collections.abc import Mapping

import msgspec

from fieldstone.engine.operation import ImportColumn
from fieldstone.engine.outcome import ImportedRow
from fieldstone.errors import FieldFault, FieldstoneError, FlowFailed, Invalid, UniqueViolation
from fieldstone.query.names import did_you_mean
from fieldstone.registry.catalog import Field, Object

ROW_FAILED = "IMPORT_ROW_FAILED"
NO_MATCH = "NO_MATCH"
BLANK_MATCH_KEY = "BLANK_MATCH_KEY"
AMBIGUOUS_MATCH = "AMBIGUOUS_MATCH"
_MOST_OPTIONS = 12
_MOST_COMPARED = 40
"""With more names to look through, thousands of rows with a slip of the pen would keep others waiting."""


class Teller(msgspec.Struct, frozen=True, eq=False):
    """What hints may name: the object, its columns by field, and by which fields records are looked for that a reference means."""

    subject: Object
    columns: Mapping[str, ImportColumn]
    searched: Mapping[str, tuple[str, ...]]

    def failed(self, place: int, error: FieldstoneError) -> ImportedRow:
        """Returns the result of a row that was refused."""
        faults = error.faults if isinstance(error, Invalid) else ()
        if faults:
            return self._faulty(place, faults)
        field, hint, code = None, error.details.get("hint"), error.code
        if isinstance(error, UniqueViolation):
            field = next(iter(error.details.get("fields", ())), None)
            hint = f"With `writeMode: upsert` and `matchFields: [{field}]` it is changed instead." if field else None
        elif isinstance(error, Invalid | FlowFailed):
            code = ROW_FAILED
        return ImportedRow(place + 1, ok=False, action="failed", field=field, code=code, error=error.message, hint=hint)

    def _faulty(self, place: int, faults: tuple[FieldFault, ...]) -> ImportedRow:
        first = faults[0]
        return ImportedRow(
            row=place + 1,
            ok=False,
            action="failed",
            field=first.field,
            code=first.code,
            error=first.message,
            hint=self._hint(first),
            errors=faults if len(faults) > 1 else (),
        )

    def _hint(self, fault: FieldFault) -> str | None:
        """Returns how a row with a fault can be mended."""
        column, field = self.columns.get(fault.field), self.subject.fields.get(fault.field)
        match fault.code:
            case "required" if column is not None:
                return f"Fill in the column `{column.source}`, or give it a `defaultValue`."
            case "required":
                return f"Map a column to `{fault.field}`."
            case "invalid_option" if field is not None:
                return _options(field, fault.value)
            case "reference_not_found":
                return self._looked_for(fault.field)
            case "reference_ambiguous":
                return "Write the id of the one that is meant, or map the column to a field that no two records share."
            case "invalid_date":
                return "Write days as `2026-03-05`, or declare their order: `dateFormat` is `dmy`, `mdy` or `ymd`."
            case "invalid_number" if column is not None:
                return _number(str(fault.value))
            case _:
                return None

    def _looked_for(self, name: str) -> str | None:
        fields = self.searched.get(name)
        if fields is None:
            return None
        told = " or ".join(f"`{field}`" for field in fields)
        return f"It is looked for by its {told}, among the records that you may see."


def told(place: int, code: str, error: str, *, skipped: bool, hint: str | None = None) -> ImportedRow:
    """Returns the result of a row that is skipped, or that failed for what is no field's fault."""
    return ImportedRow(
        place + 1, ok=False, action="skipped" if skipped else "failed", code=code, error=error, hint=hint
    )


def _number(cell: str) -> str:
    if any(sign.isdigit() for sign in cell):
        return "Say which mark stands before decimals: `decimalMark` is `.` or `,`."
    return "Write a number, such as `1234.5`, or name the text among `nullValues`."


def _options(field: Field, value: object) -> str | None:
    options = getattr(field.declaration, "options", ())
    names = dict.fromkeys(name for option in options for name in (option.label, option.value) if name)
    near = did_you_mean(value, names) if len(names) <= _MOST_COMPARED else None
    if near is not None or not options:
        return near
    listed = ", ".join(f"`{option.label or option.value}`" for option in options[:_MOST_OPTIONS])
    return f"There are {listed}{' and more' if len(options) > _MOST_OPTIONS else ''}."
