"""The post: takes mails in, as rows of `sys_email` that are written in a Unit and sent after it.

A row holds the mail as it travels, sealed, until it has left: links in mails let people in. Refuses mails while there is no transport.
"""

from collections.abc import Callable, Mapping
from email.utils import parseaddr
from typing import Any, Protocol

import msgspec

from fieldstone.access.caller import Caller
from fieldstone.engine.door import Door, Handlers, Writing
from fieldstone.engine.operation import Create, SendMail
from fieldstone.engine.outcome import Outcome
from fieldstone.engine.unit import Unit
from fieldstone.errors import Internal, Invalid, NotOffered, PermissionDenied, SettingsError
from fieldstone.ids import NewId
from fieldstone.kinds.email_template import EmailTemplateDeclaration
from fieldstone.late import late
from fieldstone.services.mail.letter import Letter, Mailbox, is_address, letter_faults
from fieldstone.services.mail.template import render
from fieldstone.services.mail.transport import Parcel
from fieldstone.settings import Settings

EMAIL = "sys_email"
QUEUED = "queued"
SENDING = "sending"
_SHOWN = 2000
_SUBJECT = 900

_compose = late("fieldstone.services.mail.message:compose")


class Sealing(Protocol):
    """Encrypts what is stored."""

    async def seal(self, text: str) -> str:
        """Returns a text as it is stored."""

    def open(self, sealed: str) -> str:
        """Returns the text of what is stored."""


class Sender(msgspec.Struct, frozen=True):
    """From whom mails come: unless they say, and from which domains they may."""

    mailbox: Mailbox
    domains: frozenset[str]


def read_sender(settings: Settings, label: str) -> Sender:
    """Returns the sender of the settings, in their absence one of this machine; raises SettingsError for what is no address."""
    sent_from, domains = settings.mail_from, settings.mail_domains or ""
    name, address = (label, "fieldstone@localhost") if sent_from is None else parseaddr(sent_from)
    if not is_address(address):
        raise SettingsError("FIELDSTONE_MAIL_FROM is no address.", hint="Write `An app <app@example.org>`.")
    mailbox = Mailbox(address, name)
    more = {domain.strip().lower() for domain in domains.split(",")}
    return Sender(mailbox, frozenset({mailbox.domain, *more} - {""}))


class Post:
    """Takes mails in; `wake` is called when some are waiting."""

    def __init__(
        self,
        templates: Mapping[str, EmailTemplateDeclaration],
        sender: Sender,
        sealing: Sealing,
        *,
        most_recipients: int,
        new_id: NewId,
        wake: Callable[[], None] | None,
    ) -> None:
        """Takes the templates and the sender; `wake` is None where nothing sends mails."""
        self.sender = sender
        self.most_recipients = most_recipients
        self._templates = templates
        self._sealing = sealing
        self._new_id = new_id
        self._wake = wake

    @property
    def handlers(self) -> Handlers:
        """What the door runs for a mail of a template."""
        return {SendMail: Writing(self._prepare, self._apply)}

    def template(self, name: str) -> EmailTemplateDeclaration | None:
        """Returns a template by its name."""
        return self._templates.get(name)

    @property
    def templates(self) -> frozenset[str]:
        """The names of all templates."""
        return frozenset(self._templates)

    def require(self) -> None:
        """Raises NotOffered where nothing sends mails."""
        if self._wake is None:
            raise NotOffered("This server sends no mails.", hint="Set FIELDSTONE_SMTP_URL or FIELDSTONE_MAIL_FOLDER.")

    def announce(self) -> None:
        """Tells whoever sends mails that some are waiting."""
        if self._wake is not None:
            self._wake()

    async def row_of(self, letter: Letter, now: str, template: str | None = None) -> dict[str, Any]:
        """Returns the row of a letter; raises Invalid with every fault of it, NotOffered."""
        self.require()
        faults = list(letter_faults(letter, self.most_recipients))
        if faults:
            raise Invalid("The mail cannot be sent.", faults=faults)
        mail_id = self._new_id()
        parcel = Parcel(mail_id, letter.sender.address, letter.recipients, _compose(letter, mail_id.lower(), now))
        return {
            "id": mail_id,
            "to": ", ".join(box.address for box in (*letter.to, *letter.cc))[:_SHOWN],
            "subject": letter.subject[:_SUBJECT],
            "recipients": len(letter.recipients),
            "template": template,
            "status": QUEUED,
            "attempts": 0,
            "due_at": now,
            "content": await self._sealing.seal(msgspec.json.encode(parcel).decode()),
        }

    async def _prepare(self, door: Door, operation: SendMail, caller: Caller, unit: Unit | None) -> Any:
        if not caller.system:
            raise PermissionDenied("Only the system sends mails of its own.")
        template = self._templates.get(operation.template)
        if template is None:
            raise Internal(f"There is no e-mail template `{operation.template}`.")
        said = render(template, operation.values, operation.languages)
        letter = Letter(
            sender=self.sender.mailbox,
            to=(Mailbox(operation.to),),
            subject=said.subject,
            text=said.text,
            html=said.html,
        )
        row = await self.row_of(letter, door.clock(), template.name)
        return await _create(door).prepare(door, Create(EMAIL, (row,)), caller, unit)

    async def _apply(self, door: Door, prepared: Any, caller: Caller, unit: Unit) -> Outcome:
        unit.committed.append(self.announce)
        return await _create(door).apply(door, prepared, caller, unit)


def _create(door: Door) -> Writing:
    return door.writing(Create(EMAIL, ()))
