"""Letters: what a mail says and to whom, checked. The form in which it travels: `message.py`.

Refuses addresses that are none, and every line break or other control character in what becomes a header.
"""

import re
import unicodedata
from collections.abc import Iterator

import msgspec

from fieldstone.errors import FieldFault

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*")
_LONGEST_ADDRESS = 254
_LONGEST_LOCAL = 64
_LONGEST_HEADER = 900
_CONTENT_TYPE = re.compile(r"(application|audio|font|image|model|text|video)/[A-Za-z0-9][A-Za-z0-9.+-]{0,100}")
_BREAKING = frozenset({"Cc", "Zl", "Zp", "Cs"})
"""Categories of characters that would break a header: controls, separators of lines, halves of surrogate pairs."""


class Mailbox(msgspec.Struct, frozen=True):
    """An address, and the name of whose it is."""

    address: str
    name: str = ""

    @property
    def domain(self) -> str:
        """The part behind the `@`, in lower case."""
        return self.address.rpartition("@")[2].lower()


class Attachment(msgspec.Struct, frozen=True):
    """A file that goes along."""

    filename: str
    content: bytes
    content_type: str = "application/octet-stream"


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """What a mail says and to whom; there is `text`, `html` or both. Who is in `bcc` is seen by nobody."""

    sender: Mailbox
    to: tuple[Mailbox, ...]
    subject: str
    text: str | None = None
    html: str | None = None
    cc: tuple[Mailbox, ...] = ()
    bcc: tuple[Mailbox, ...] = ()
    reply_to: Mailbox | None = None
    attachments: tuple[Attachment, ...] = ()

    @property
    def recipients(self) -> tuple[str, ...]:
        """Every address that gets it, each once."""
        return tuple(dict.fromkeys(box.address for box in (*self.to, *self.cc, *self.bcc)))


def letter_faults(letter: Letter, most_recipients: int) -> Iterator[FieldFault]:
    """Yields everything for which a letter cannot be sent."""
    reply_to = () if letter.reply_to is None else (letter.reply_to,)
    named = {"to": letter.to, "cc": letter.cc, "bcc": letter.bcc, "from": (letter.sender,), "replyTo": reply_to}
    for field, boxes in named.items():
        for box in boxes:
            yield from _mailbox_faults(field, box)
    if not letter.to:
        yield FieldFault("to", "required", "A mail goes to somebody.")
    count = len(letter.recipients)
    if count > most_recipients:
        yield FieldFault(
            "to", "max_items", f"A mail goes to at most {most_recipients} addresses.", None, most_recipients
        )
    yield from _header_faults("subject", letter.subject)
    if letter.text is None and letter.html is None:
        yield FieldFault("text", "required", "A mail says something: `text`, `html` or both.")
    for attachment in letter.attachments:
        yield from _header_faults("attachments", attachment.filename)
        if not _CONTENT_TYPE.fullmatch(attachment.content_type):
            message = "A content type is such as `application/pdf`; a mail within a mail, or parts within parts, are not taken."
            yield FieldFault("attachments", "invalid_value", message)


def is_address(text: str) -> bool:
    """Tells whether a text is an e-mail address that every server takes: ASCII, nothing quoted."""
    local = text.rpartition("@")[0]
    return len(text) <= _LONGEST_ADDRESS and len(local) <= _LONGEST_LOCAL and _ADDRESS.fullmatch(text) is not None


def _mailbox_faults(field: str, box: Mailbox) -> Iterator[FieldFault]:
    if not is_address(box.address):
        yield FieldFault(field, "invalid_email", "An address is such as `ann@example.org`, in ASCII.")
    yield from _header_faults(field, box.name)


def _header_faults(field: str, value: str) -> Iterator[FieldFault]:
    if any(unicodedata.category(character) in _BREAKING for character in value):
        yield FieldFault(
            field, "invalid_value", "What becomes a header has no line breaks or other control characters."
        )
    if len(value) > _LONGEST_HEADER:
        message = f"What becomes a header has at most {_LONGEST_HEADER} characters."
        yield FieldFault(field, "max_length", message, None, _LONGEST_HEADER)
