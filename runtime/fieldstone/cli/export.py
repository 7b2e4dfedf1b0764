"""`fieldstone export`: the records of an object as a file, as one of the app's users."""

import asyncio
import sys
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO

import msgspec
from cyclopts import Parameter
from rich.console import Console

from fieldstone.cli.question import NOT_NARROWED, Narrowing
from fieldstone.cli.seat import Seat, User, show_progress, take_seat
from fieldstone.engine.gate import find_object
from fieldstone.engine.operation import Export, Read
from fieldstone.engine.outcome import Exported
from fieldstone.errors import Invalid, SettingsError
from fieldstone.query.document import QueryDocument
from fieldstone.query.names import did_you_mean, shown
from fieldstone.registry.catalog import Object
from fieldstone.services.export.content import Content, Records, Row
from fieldstone.services.export.file import Asked, Form, content_of, looked_at
from fieldstone.services.export.formats import FORMATS
from fieldstone.surfaces.http.encode import encode_json, record_type


def export(
    app: Path,
    object_name: str,
    /,
    *,
    user: User,
    file_format: Annotated[str | None, Parameter(name="--format")] = None,
    out: Path | None = None,
    narrowing: Narrowing = NOT_NARROWED,
    raw: Annotated[bool, Parameter(negative="")] = False,
    header: Annotated[bool, Parameter(negative="--no-header")] = True,
) -> None:
    """Write the records of an object into a file, all as they are at one moment; servers go on meanwhile.

    Parameters
    ----------
    app
        The app's folder, with its `app.yaml`.
    object_name
        The object, by its declared name.
    user
        The address of the user who takes them out: what he may not read, or not take out, is not there.
    file_format
        `csv`, `json`, `xlsx` or `pdf`; what the name of the file ends in unless said, else `csv`.
    out
        The file to write, which takes the place of one that is there; the standard output unless said.
    raw
        Names of fields, keys and ids as the API has them, in place of what people read.
    header
        `--no-header` leaves out the names of the columns.
    """
    form = Form(_format(file_format, out), header, raw)
    if out is None and sys.stdout.isatty() and form.format in ("xlsx", "pdf"):
        raise SettingsError(f"A {form.format} is nothing for a terminal.", hint="Say `--out`, or lead it into a file.")
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    with _sink(out) as sink:
        count = asyncio.run(_export(app, user, object_name, form, narrowing, sink, console))
    if out is not None:
        console.print(f"Wrote {out}: {count:,} record{'' if count == 1 else 's'}.", markup=False)


async def _export(
    app: Path, user: str, object_name: str, form: Form, narrowing: Narrowing, sink: BinaryIO, console: Console
) -> int:
    """Writes a file; returns how many records it holds."""
    async with take_seat(app, user) as seat:
        subject = find_object(seat.runtime.door, seat.caller, object_name)
        query = narrowing.document()
        total = await _total(seat, subject.name, query) if console.is_terminal else None
        policies = seat.runtime.door.policies
        asked = looked_at(subject, policies.export(seat.caller, subject.name), form, query)
        operation = Export(subject.name, asked, paged=form.made.paged)
        exported = await seat.runtime.door.execute(operation, seat.caller)
        counted: list[int] = []
        progress, advance = show_progress(f"Exporting {subject.name}", console, total)

        async def batches() -> AsyncGenerator[list[Row], None]:
            async with aclosing(exported.batches):
                async for rows in exported.batches:
                    counted.append(len(rows))
                    advance(len(rows))
                    yield rows

        content = _content(seat, subject, form, query, msgspec.structs.replace(exported, batches=batches()))
        with progress:
            async with aclosing(form.made.write(content)) as parts:
                async for part in parts:
                    sink.write(part)
    return sum(counted)


async def _total(seat: Seat, object_name: str, query: QueryDocument) -> int | None:
    """Returns how many records there are about to be, for the bar."""
    counted = msgspec.structs.replace(query, fields=["id"], limit=1, order_by=msgspec.UNSET)
    total = (await seat.runtime.door.execute(Read(object_name, counted), seat.caller)).total
    return total if total is None or query.limit is msgspec.UNSET else min(total, query.limit)


def _content(seat: Seat, subject: Object, form: Form, query: QueryDocument, exported: Exported) -> Content:
    asked = Asked(
        subject=subject,
        form=form,
        query=query,
        caller=seat.caller,
        dress_of=lambda _column: None,
        records_of=_records,
        find=seat.runtime.catalog.objects.get,
    )
    return content_of(asked, exported)


def _records(columns: tuple[str, ...]) -> Records:
    """Returns what makes rows JSON objects."""
    make = record_type(columns)
    return lambda rows: [encode_json(make(*row[: len(columns)])) for row in rows]


def _format(chosen: str | None, out: Path | None) -> str:
    ending = "" if out is None else out.suffix.removeprefix(".").lower()
    name = chosen or (ending if ending in FORMATS else "csv")
    if name not in FORMATS:
        hint = did_you_mean(name, FORMATS) or f"There are {', '.join(f'`{known}`' for known in FORMATS)}."
        raise Invalid(f"No format `{shown(name)}`.", reason="INVALID_QUERY", path="format", hint=hint)
    return name


@contextmanager
def _sink(out: Path | None) -> Iterator[BinaryIO]:
    """Opens what is written to; a file is there when it is whole, and not before."""
    if out is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    unfinished = out.with_name(f".{out.name}.part")
    try:
        with unfinished.open("wb") as sink:
            yield sink
        unfinished.replace(out)
    except OSError as error:
        raise SettingsError(f"{out} cannot be written: {error.strerror}.") from error
    finally:
        unfinished.unlink(missing_ok=True)
