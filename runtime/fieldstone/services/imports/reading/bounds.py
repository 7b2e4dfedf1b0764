"""What a file may hold, and how a file is refused that holds more or cannot be read."""

from fieldstone.errors import Invalid, PayloadTooLarge
from fieldstone.services.imports.rows import too_wide

MOST_COLUMNS = 1000
MOST_CELLS = 2_000_000
LONGEST_CELL = 131_072
"""In characters."""


def unreadable_file(message: str, path: str, hint: str | None = None) -> Invalid:
    """Returns the refusal of a file as a whole; `path` names where it was sent."""
    return Invalid(message, reason="INVALID_IMPORT", path=path, hint=hint)


def check_columns(names: list[str], path: str) -> tuple[str, ...]:
    """Returns the names that head the columns; raises Invalid for none, one that is empty, and one that is there twice."""
    if not any(names):
        raise unreadable_file("There is no line with the names of columns.", path)
    if len(names) > MOST_COLUMNS:
        raise too_wide(len(names), path)
    places: dict[str, list[int]] = {}
    for place, name in enumerate(names, start=1):
        places.setdefault(name, []).append(place)
    faults = [
        f"{'Columns' if len(at) > 1 else 'Column'} {_listed(at)} {'have' if len(at) > 1 else 'has'} no name."
        if name == ""
        else f"Columns {_listed(at)} are all named `{name[:64]}`."
        for name, at in places.items()
        if name == "" or len(at) > 1
    ]
    if faults:
        raise unreadable_file(" ".join(faults[:5]), path, "Give each column a name of its own in the first line.")
    return tuple(names)


def check_size(rows: int, columns: int, most_rows: int, path: str) -> None:
    """Raises PayloadTooLarge for more rows, or Invalid for more cells, than are taken."""
    if rows > most_rows:
        raise too_many_rows(most_rows)
    if rows * columns > MOST_CELLS:
        raise unreadable_file(f"There are more than {MOST_CELLS} cells.", path, "Import it in parts.")


def too_many_rows(most_rows: int) -> PayloadTooLarge:
    """Returns the refusal of a file with more rows than are taken at once."""
    return PayloadTooLarge(
        f"There are more than {most_rows} rows.",
        details={"limit": most_rows},
        hint="Import the file in parts, or as a job.",
    )


def _listed(places: list[int]) -> str:
    more = f" and {len(places) - 5} more" if len(places) > 5 else ""
    return ", ".join(map(str, places[:5])) + more
