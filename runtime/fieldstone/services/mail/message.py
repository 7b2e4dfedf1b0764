"""Messages: letters in the form in which they travel (RFC 5322, MIME)."""

from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from fieldstone.clock import moment
from fieldstone.services.mail.letter import Letter, Mailbox

_TRAVELLING = SMTP.clone(cte_type="7bit")
"""Lines end with CR LF, and everything is ASCII, whatever server takes it."""


def compose(letter: Letter, message_id: str, at: str) -> str:
    """Returns a letter without faults in the form in which it travels, ASCII alone."""
    message = EmailMessage(policy=_TRAVELLING)
    message["From"] = _header_of(letter.sender)
    message["To"] = [_header_of(box) for box in letter.to]
    if letter.cc:
        message["Cc"] = [_header_of(box) for box in letter.cc]
    if letter.reply_to is not None:
        message["Reply-To"] = _header_of(letter.reply_to)
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(moment(at))
    message["Message-ID"] = f"<{message_id}@{letter.sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"
    if letter.text is not None:
        message.set_content(letter.text)
    if letter.html is not None and letter.text is not None:
        message.add_alternative(letter.html, subtype="html")
    elif letter.html is not None:
        message.set_content(letter.html, subtype="html")
    for attachment in letter.attachments:
        main, _, sub = attachment.content_type.partition("/")
        message.add_attachment(attachment.content, maintype=main, subtype=sub, filename=attachment.filename)
    return message.as_bytes().decode("ascii")


def _header_of(box: Mailbox) -> Address:
    return Address(display_name=box.name, addr_spec=box.address)
