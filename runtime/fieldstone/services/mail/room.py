"""The mail room: the post of each app, and the delivery behind it, put together from the settings."""

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
    """The transport (None where nothing sends mails), what is set when mails are waiting, and from whom and how they are taken in."""

    settings: Settings
    transport: Transport | None
    waiting: asyncio.Event
    sealing: Sealing
    new_id: NewId

    def post(self, templates: Mapping[str, EmailTemplateDeclaration], label: str) -> Post:
        """Returns what takes in the mails of an app, whose `label` stands for an unset sender; raises SettingsError."""
        return Post(
            templates,
            read_sender(self.settings, label),
            self.sealing,
            most_recipients=self.settings.limits.mail_recipients,
            new_id=self.new_id,
            wake=None if self.transport is None else self.waiting.set,
        )

    def delivery(self, execute: Execute, *, clock: Clock, log: Log) -> Delivery | None:
        """Returns what sends the mails that are waiting, over the door that takes them in."""
        if self.transport is None:
            return None
        days = self.settings.limits.mail_days
        return Delivery(execute, self.transport, self.sealing, self.waiting, clock=clock, log=log, days=days)


def open_mailroom(settings: Settings, outbox: Path, sealing: Sealing, new_id: NewId) -> Mailroom:
    """Returns the mail room of a process; raises SettingsError."""
    return Mailroom(settings, choose_transport(settings, outbox), asyncio.Event(), sealing, new_id)
