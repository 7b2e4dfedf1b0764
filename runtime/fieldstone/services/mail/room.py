"""The mail room: the post, and the delivery behind it, put together from the settings."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

import msgspec

from fieldstone.clock import Clock
from fieldstone.engine.records import Execute
from fieldstone.ids import NewId
from fieldstone.kinds.email_template import EmailTemplateDeclaration
from fieldstone.log import Log
from fieldstone.services.mail.delivery import Delivery
from fieldstone.services.mail.post import Post, Sealing, read_sender
from fieldstone.services.mail.transport import Transport, choose_transport
from fieldstone.settings import Settings


class Mailroom(msgspec.Struct, frozen=True, eq=False):
    """The post, the transport (None where nothing sends mails), and what is set when mails are waiting."""

    post: Post
    transport: Transport | None
    waiting: asyncio.Event
    sealing: Sealing

    def delivery(self, execute: Execute, *, clock: Clock, log: Log, days: int) -> Delivery | None:
        """Returns what sends the mails of the post, over the door that takes them in."""
        if self.transport is None:
            return None
        return Delivery(execute, self.transport, self.sealing, self.waiting, clock=clock, log=log, days=days)


def open_mailroom(
    settings: Settings,
    templates: Mapping[str, EmailTemplateDeclaration],
    label: str,
    outbox: Path,
    sealing: Sealing,
    new_id: NewId,
) -> Mailroom:
    """Returns the mail room of an app, whose `label` stands for an unset sender; raises SettingsError."""
    transport, waiting = choose_transport(settings, outbox), asyncio.Event()
    post = Post(
        templates,
        read_sender(settings, label),
        sealing,
        most_recipients=settings.limits.mail_recipients,
        new_id=new_id,
        wake=None if transport is None else waiting.set,
    )
    return Mailroom(post, transport, waiting, sealing)
