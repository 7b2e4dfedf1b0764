"""The handler of `/email/send` (contract 9.6)."""

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from fieldstone.services.mail.letter import Attachment, Mailbox
from fieldstone.services.mail.sending import Request, Sending, Sent
from fieldstone.surfaces.http.convert import convert_body
from fieldstone.surfaces.http.request import Response
from fieldstone.surfaces.rest.handlers import json_answer
from fieldstone.surfaces.rest.table import Call, HandlerPart

_MOST = 20


class NamedAddress(msgspec.Struct, forbid_unknown_fields=True):
    """An address, and the name of whose it is."""

    address: str
    name: str = ""


class AttachmentBody(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """A file that goes along; `content` is base64."""

    filename: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    content: bytes
    content_type: str = "application/octet-stream"


OneAddress = str | NamedAddress
Addresses = str | list[OneAddress]
Attachments = Annotated[list[AttachmentBody], msgspec.Meta(max_length=_MOST)]


class EmailBody(msgspec.Struct, rename={"sender": "from", "reply_to": "replyTo"}):
    """A mail: a `template` with its `data` (in the language of `locale`, where it speaks it), or `subject` with `text`, `html` or both."""

    to: Addresses
    cc: Addresses | None = None
    bcc: Addresses | None = None
    sender: OneAddress | None = None
    reply_to: OneAddress | None = None
    subject: str | None = None
    text: str | None = None
    html: str | None = None
    template: str | None = None
    data: dict[str, Any] | None = None
    locale: str | None = None
    attachments: Attachments | None = None


async def _send(service: Sending, call: Call) -> Response:
    body = convert_body(call.body, EmailBody)
    request = Request(
        to=_boxes(body.to),
        cc=_boxes(body.cc),
        bcc=_boxes(body.bcc),
        sender=None if body.sender is None else _box(body.sender),
        reply_to=None if body.reply_to is None else _box(body.reply_to),
        subject=body.subject,
        text=body.text,
        html=body.html,
        template=body.template,
        data=body.data or {},
        locale=body.locale,
        attachments=tuple(
            Attachment(item.filename, item.content, item.content_type) for item in body.attachments or ()
        ),
    )
    return json_answer(await service.send(call.caller, request))


def _boxes(sent: Addresses | None) -> tuple[Mailbox, ...]:
    if sent is None:
        return ()
    return (Mailbox(sent),) if isinstance(sent, str) else tuple(map(_box, sent))


def _box(sent: OneAddress) -> Mailbox:
    return Mailbox(sent) if isinstance(sent, str) else Mailbox(sent.address, sent.name)


EMAIL_HANDLERS: Mapping[str, HandlerPart[Any]] = {
    "email.send": HandlerPart(_send, "Send a mail", EmailBody, Sent, refusals=(429,)),
}
"""Handlers over a `Sending`."""
