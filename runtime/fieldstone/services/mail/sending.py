"""Mails that users send: what a caller may say in one, in whose name, and how many of them.

Refuses a sender of a foreign domain, and a template together with a text of one's own. Only what was sent goes into a mail.
"""

from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal
from typing import Any

import msgspec

from fieldstone.access.caller import Caller, system_for
from fieldstone.clock import Clock
from fieldstone.engine.operation import Create
from fieldstone.engine.records import Execute
from fieldstone.errors import FieldFault, Invalid, PermissionDenied
from fieldstone.query.names import did_you_mean, shown
from fieldstone.services.mail.letter import Attachment, Letter, Mailbox
from fieldstone.services.mail.post import EMAIL, QUEUED, Post
from fieldstone.services.mail.template import Rendered, render


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """A mail that somebody asks for: a template with its `data`, or a subject with a text of his own."""

    to: tuple[Mailbox, ...]
    cc: tuple[Mailbox, ...]
    bcc: tuple[Mailbox, ...]
    sender: Mailbox | None
    reply_to: Mailbox | None
    subject: str | None
    text: str | None
    html: str | None
    template: str | None
    data: Mapping[str, Any]
    locale: str | None
    attachments: tuple[Attachment, ...]


class Sent(msgspec.Struct, frozen=True):
    """A mail that is on its way; `sys_email` tells what becomes of it."""

    id: str
    status: str


class Sending:
    """Sends the mails of users; `admit` counts one against a key and raises RateLimited."""

    def __init__(self, execute: Execute, post: Post, *, admit: Callable[[str], Awaitable[None]], clock: Clock) -> None:
        self._execute = execute
        self._post = post
        self._admit = admit
        self._clock = clock

    async def send(self, caller: Caller, request: Request) -> Sent:
        """Takes a mail in; raises Invalid, PermissionDenied, RateLimited, NotOffered."""
        self._post.require()
        await self._admit(f"mails of {caller.id}")
        sender = request.sender or self._post.sender.mailbox
        if sender.domain not in self._post.sender.domains:
            allowed = sorted(self._post.sender.domains)
            raise PermissionDenied("Mails are not sent from that domain.", details={"domains": allowed})
        said = self._said(request)
        letter = Letter(
            sender=sender,
            to=request.to,
            cc=request.cc,
            bcc=request.bcc,
            reply_to=request.reply_to,
            subject=said.subject,
            text=said.text,
            html=said.html,
            attachments=request.attachments,
        )
        row = await self._post.row_of(letter, self._clock(), request.template)
        await self._execute(Create(EMAIL, (row,)), system_for(caller))
        self._post.announce()
        return Sent(row["id"], QUEUED)

    def _said(self, request: Request) -> Rendered:
        """Returns what a mail says; raises Invalid."""
        own = {"subject": request.subject, "text": request.text, "html": request.html}
        if request.template is None:
            if request.data:
                raise _refused("data", "invalid_value", "`data` is for a template.")
            if request.subject is None:
                raise _refused("subject", "required", "A mail has a `subject`, or a `template`.")
            return Rendered(request.subject, request.text, request.html)
        for name, value in own.items():
            if value is not None:
                raise _refused(name, "invalid_value", f"The template says the `{name}`.")
        template = self._post.template(request.template)
        if template is None:
            message = f"There is no e-mail template `{shown(request.template)}`."
            raise _refused("template", "invalid_value", message, did_you_mean(request.template, self._post.templates))
        languages = () if request.locale is None else (request.locale,)
        return render(template, {name: _text_of(name, value) for name, value in request.data.items()}, languages)


def _text_of(name: str, value: Any) -> str:
    """Returns a value as a mail says it; raises Invalid for one that is no text, number or boolean."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float | Decimal):
        return str(value)
    raise _refused(f"data.{shown(name)}", "invalid_type", "A value of a template is a text, a number or a boolean.")


def _refused(field: str, code: str, message: str, hint: str | None = None) -> Invalid:
    return Invalid(message, faults=[FieldFault(field, code, message)], hint=hint)
