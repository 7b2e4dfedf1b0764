"""`fieldstone query`: ObjectQL from the shell, as one of the app's users."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated, Any

import msgspec
from cyclopts import Parameter
from rich.table import Table
from rich.text import Text

from fieldstone.cli.question import NOT_NARROWED, Narrowing
from fieldstone.cli.report import printable, table_console
from fieldstone.cli.seat import User, take_seat
from fieldstone.engine.operation import Aggregate, Read
from fieldstone.engine.outcome import Groups, Page
from fieldstone.errors import Invalid, SettingsError
from fieldstone.query.document import QueryDocument
from fieldstone.query.text_forms import read_body
from fieldstone.query.values import exact_number
from fieldstone.surfaces.http.encode import encode_json, record_type

_decode = msgspec.json.Decoder(float_hook=exact_number).decode


def query(
    app: Path,
    object_name: str,
    /,
    *,
    user: User,
    narrowing: Narrowing = NOT_NARROWED,
    expand: str | None = None,
    body: Annotated[str | None, Parameter(name="--query")] = None,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Show the records of an object that a user sees, or groups of them; servers go on meanwhile.

    Parameters
    ----------
    app
        The app's folder, with its `app.yaml`.
    object_name
        The object, by its declared name.
    user
        The address of the user who asks.
    expand
        References to answer as whole records, with commas between them; for `--json`.
    body
        A whole query as JSON, groups and measures among it, in place of the other options.
    json
        Show one JSON object, as the API answers.
    """
    more = {} if expand is None else {"expand": expand}
    said = {**narrowing.parameters, **more}
    if body is not None and said:
        raise SettingsError(f"`--query` says all, and `--{_dashed(next(iter(said)))}` is said beside it.")
    document = narrowing.document(**more) if body is None else _whole(body, object_name)
    page = asyncio.run(_ask(app, user, object_name, document))
    if json:
        sys.stdout.buffer.write(_as_json(page) + b"\n")
        sys.stdout.buffer.flush()
    else:
        _print(page)


async def _ask(app: Path, user: str, object_name: str, document: QueryDocument) -> Page:
    async with take_seat(app, user) as seat:
        execute = seat.runtime.door.execute
        if document.asks_for_groups:
            return await execute(Aggregate(object_name, document), seat.caller)
        return await execute(Read(object_name, document), seat.caller)


def _whole(body: str, object_name: str) -> QueryDocument:
    try:
        sent = _decode(body.encode())
    except msgspec.DecodeError as error:
        raise Invalid(f"`--query` is not JSON: {error}.", reason="INVALID_JSON") from None
    return read_body(sent, object_name)


def _as_json(page: Page) -> bytes:
    make = record_type(page.columns)
    items = [make(*row) for row in page.rows]
    answer: dict[str, Any] = {"items": items, "total": page.total, "limit": page.limit, "nextCursor": page.cursor}
    return msgspec.json.format(encode_json(answer))


def _print(page: Page) -> None:
    console = table_console()
    table = Table()
    for place, name in enumerate(page.columns):
        numbers = all(row[place] is None or _is_number(row[place]) for row in page.rows)
        table.add_column(Text(name), justify="right" if page.rows and numbers else "left", overflow="fold")
    for row in page.rows:
        table.add_row(*(Text(_text(value)) for value in row))
    console.print(table)
    noun = "group" if isinstance(page, Groups) else "record"
    of = "" if page.total in (None, len(page.rows)) else f" of {page.total:,}"
    console.print(Text(f"{len(page.rows):,}{of} {noun}{'' if len(page.rows) == 1 and not of else 's'}", style="dim"))


def _text(value: Any) -> str:
    """Returns a value as a terminal may show it."""
    if value is None:
        return ""
    return printable(value if isinstance(value, str) else encode_json(value).decode())


def _is_number(value: Any) -> bool:
    return not isinstance(value, bool | str | list | dict | msgspec.Raw)


def _dashed(name: str) -> str:
    return "order-by" if name == "orderBy" else name
