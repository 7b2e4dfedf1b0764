"""The shares of a record: how they are asked for, granted and revoked, and how they are answered (contract 4.7).

A body is read in camel case and in snake case; a share is answered with the names of its object's fields.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from fieldstone.engine.operation import ReadShares, ShareRecord, UnshareRecord
from fieldstone.engine.outcome import Deleted, Outcome, Page, Written
from fieldstone.errors import Internal
from fieldstone.kinds.api import DataOperation
from fieldstone.query.document import QueryDocument
from fieldstone.registry.record_share import ALIASES, RECIPIENTS
from fieldstone.surfaces.http.convert import convert_body
from fieldstone.surfaces.http.encode import encode_json
from fieldstone.surfaces.http.parameters import refuse_parameters
from fieldstone.surfaces.http.request import Response
from fieldstone.surfaces.rest.pagers import page_query
from fieldstone.surfaces.rest.past import take_whole
from fieldstone.surfaces.rest.table import Call, DataPart, ObjectFace, Paging


class ShareBody(msgspec.Struct, rename="camel"):
    """A share to be granted; `accessLevel` is `read` or `edit`, and `edit` lets read too."""

    recipient_id: str
    recipient_type: str = "user"
    access_level: str = "read"
    reason: str | None = None


class ShareAnswer(msgspec.Struct):
    """A share: which record, with whom, how far, and where it comes from."""

    id: str
    object_name: str
    record_id: str
    recipient_type: str
    recipient_id: str
    access_level: str
    source: str
    source_id: str | None
    granted_by: str | None
    reason: str | None
    created_at: str
    updated_at: str


_SPELLINGS = {field.name: field.encode_name for field in msgspec.structs.fields(ShareBody)}


def _shares(call: Call, face: ObjectFace) -> ReadShares:
    pager = call.dialect.api.pager
    limit, cursor = take_whole(call.parameters, pager.limit), call.parameters.pop(pager.cursor, msgspec.UNSET)
    refuse_parameters(call.parameters, (pager.limit, pager.cursor))
    paging = Paging(limit=msgspec.UNSET if limit is None else limit, cursor=cursor)
    query = page_query(pager, paging, QueryDocument())
    return ReadShares(face.object.name, face.codec.bare(call.path["id"]), query)


def _page(call: Call, face: ObjectFace, outcome: Outcome) -> Response:
    if not isinstance(outcome, Page):
        raise _unexpected(outcome)
    shares = [_answer(call, face, share) for share in outcome.records()]
    return Response(200, encode_json(call.dialect.envelope.page(shares, outcome, call.request.id)))


def _share(call: Call, face: ObjectFace) -> ShareRecord:
    refuse_parameters(call.parameters)
    sent = call.body
    if isinstance(sent, dict):
        sent = {_SPELLINGS.get(name, name) if _SPELLINGS.get(name) not in sent else name: sent[name] for name in sent}
    body = convert_body(sent, ShareBody)
    return ShareRecord(
        object=face.object.name,
        id=face.codec.bare(call.path["id"]),
        recipient_type=body.recipient_type,
        recipient_id=body.recipient_id.removeprefix(_prefix(call, body.recipient_type)),
        access_level=body.access_level,
        reason=body.reason,
    )


def _shared(call: Call, face: ObjectFace, outcome: Outcome) -> Response:
    if not isinstance(outcome, Written):
        raise _unexpected(outcome)
    row = outcome.rows[0]
    if row is None:
        return Response(201, call.wrapped({"id": outcome.ids[0]}))
    return Response(201, call.wrapped(_answer(call, face, dict(zip(outcome.columns, row, strict=True)))))


def _unshare(call: Call, face: ObjectFace) -> UnshareRecord:
    refuse_parameters(call.parameters)
    return UnshareRecord(face.object.name, face.codec.bare(call.path["id"]), call.path["share"])


def _unshared(_call: Call, _face: ObjectFace, outcome: Outcome) -> Response:
    if not isinstance(outcome, Deleted):
        raise _unexpected(outcome)
    return Response(204, b"")


def _answer(call: Call, face: ObjectFace, share: Mapping[str, Any]) -> ShareAnswer:
    told = {name: share[name] for name in ShareAnswer.__struct_fields__}
    told["record_id"] = face.codec.shown(share["record_id"])
    told["recipient_id"] = _prefix(call, share["recipient_type"]) + share["recipient_id"]
    told["granted_by"] = face.codec.shown_value("updated_by", share["granted_by"])
    return ShareAnswer(**told)


def _prefix(call: Call, recipient_type: str) -> str:
    """Returns what stands before the ids of a kind of recipients on this surface."""
    target = call.dialect.objects.get(RECIPIENTS.get(ALIASES.get(recipient_type, recipient_type), ""))
    return "" if target is None else target.codec.shown("")


def _unexpected(outcome: Outcome) -> Internal:
    return Internal(f"The door answered with {type(outcome).__name__}.")


SHARING: Mapping[DataOperation, DataPart] = {
    "shares": DataPart("Tell who has a share of a record", "none", _shares, _page, answer_type=ShareAnswer),
    "share": DataPart("Share a record", "required", _share, _shared, ShareBody, ShareAnswer, writes=True),
    "unshare": DataPart("Revoke a share of a record", "none", _unshare, _unshared, writes=True),
}
"""The data operations about shares."""
