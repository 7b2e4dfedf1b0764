"""What a request says of the past and of the trash, and how the versions of a record are answered.

`asOf`, `trash` and `purge` are taken out of the parameters before whatever else reads them; a value that they cannot have is refused.
"""

from typing import Any

import msgspec

from fieldstone.engine.operation import ReadHistory, Restore
from fieldstone.engine.outcome import History, Outcome
from fieldstone.errors import Internal, Invalid
from fieldstone.query.values import read_instant
from fieldstone.surfaces.http.parameters import refuse_parameters
from fieldstone.surfaces.rest.preconditions import split_version
from fieldstone.surfaces.rest.records import RecordCodec
from fieldstone.surfaces.rest.table import Call, ObjectFace, ParameterNote

AS_OF, TRASH, PURGE = "asOf", "trash", "purge"
BEFORE, LIMIT, VERSION = "before", "limit", "version"
_MOST_DIGITS = 18

AS_OF_NOTE = ParameterNote(
    AS_OF,
    "Answers records as they stood at this instant, `2026-03-05T14:30:00Z`; the object must keep its history.",
    {"type": "string", "format": "date-time"},
    about="history",
)
_FLAG = {"type": "boolean", "default": False}
TRASH_NOTE = ParameterNote(TRASH, "`true` answers what is in the trash instead.", _FLAG, about="trash")
PURGE_NOTE = ParameterNote(PURGE, "`true` deletes a record that is in the trash for good.", _FLAG, about="trash")
HISTORY_NOTES = (
    ParameterNote(BEFORE, "Only versions below this one: `before` of the page before.", {"type": "integer"}),
    ParameterNote(LIMIT, "The most versions to answer.", {"type": "integer", "default": 50, "maximum": 200}),
)


class RestoreBody(msgspec.Struct, frozen=True, rename="camel"):
    """What a restore is sent as: nothing for one out of the trash, the version whose values are wanted for one out of the history."""

    version: int | None = None
    expected_version: int | None = None


class ChangeAnswer(msgspec.Struct):
    """What a version made of one field."""

    field: str
    before: Any = msgspec.field(name="from")
    after: Any = msgspec.field(name="to")


class VersionAnswer(msgspec.Struct):
    """One version: since when, by whom, and what it changed."""

    version: int
    at: str
    by: str | None
    changes: list[ChangeAnswer]


class HistoryAnswer(msgspec.Struct):
    """Versions of a record, the newest first; `before` asks for the next page, and is null on the last."""

    object: str
    id: str
    items: list[VersionAnswer]
    before: int | None


def take_instant(values: dict[str, Any]) -> str | None:
    """Returns the instant of `asOf` and takes it out of parameters or of a body; raises Invalid."""
    sent = values.pop(AS_OF, None)
    if sent is None:
        return None
    instant = read_instant(sent) if isinstance(sent, str) else None
    if instant is None:
        hint = "It has a zone: `2026-03-05T14:30:00Z`."
        raise Invalid("`asOf` is not an instant.", reason="INVALID_QUERY", path=AS_OF, hint=hint)
    return instant


def take_flag(values: dict[str, Any], name: str) -> bool:
    """Returns a flag and takes it out of parameters or of a body; raises Invalid."""
    sent = values.pop(name, False)
    flag = {"true": True, "false": False}.get(sent) if isinstance(sent, str) else sent
    if not isinstance(flag, bool):
        raise Invalid(f"`{name}` is `true` or `false`.", reason="INVALID_QUERY", path=name)
    return flag


def take_whole(parameters: dict[str, str], name: str) -> int | None:
    """Returns a whole number above zero and takes it out of the parameters; raises Invalid."""
    text = parameters.pop(name, None)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS and int(text) > 0):
        raise Invalid(f"`{name}` is a whole number above zero.", reason="INVALID_QUERY", path=name)
    return int(text)


def read_history(call: Call, face: ObjectFace) -> ReadHistory:
    """Returns the operation of a history."""
    before, limit = take_whole(call.parameters, BEFORE), take_whole(call.parameters, LIMIT)
    refuse_parameters(call.parameters, (BEFORE, LIMIT))
    return ReadHistory(face.object.name, face.codec.bare(call.path["id"]), before, limit)


def read_restore(call: Call, face: ObjectFace) -> Restore:
    """Returns the operation of a restore."""
    refuse_parameters(call.parameters)
    body = {} if call.body is None else call.body
    if not isinstance(body, dict):
        raise Invalid("The body is not a JSON object.", reason="INVALID_JSON")
    expected, values = split_version(call.request, body)
    version = values.pop(VERSION, None)
    if values:
        hint = "A restore takes `version` and `expectedVersion`."
        raise Invalid(f"`{next(iter(values))}` is not a key of a restore.", reason="INVALID_QUERY", hint=hint)
    if version is not None and (type(version) is not int or not 0 < version < 10**_MOST_DIGITS):
        raise Invalid("`version` is a whole number.", reason="INVALID_QUERY", path=VERSION)
    return Restore(face.object.name, face.codec.bare(call.path["id"]), version, expected)


def answer_history(codec: RecordCodec, outcome: Outcome) -> HistoryAnswer:
    """Returns the answer of a history."""
    if not isinstance(outcome, History):
        raise Internal(f"The door answered with {type(outcome).__name__}.")
    items = [
        VersionAnswer(
            version.version,
            version.at,
            None if version.by is None else codec.shown_value("updated_by", version.by),
            [
                ChangeAnswer(
                    change.field,
                    codec.shown_value(change.field, change.before),
                    codec.shown_value(change.field, change.after),
                )
                for change in version.changes
            ],
        )
        for version in outcome.versions
    ]
    return HistoryAnswer(outcome.object, codec.shown(outcome.id), items, outcome.before)
