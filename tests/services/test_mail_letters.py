"""Letters and templates: what is refused in a mail, what it looks like on its way, and how values stand in it."""

from email import message_from_string
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

import msgspec
import pytest

from fieldstone.errors import Invalid
from fieldstone.kinds.email_template import EmailTemplateDeclaration, MailText
from fieldstone.services.mail.letter import Attachment, Letter, Mailbox, is_address, letter_faults
from fieldstone.services.mail.message import compose
from fieldstone.services.mail.template import render

NOW = "2026-03-01T08:00:00.000Z"
PLAIN = Letter(
    sender=Mailbox("desk@app.example", "The desk"),
    to=(Mailbox("ann@example.org", 'Ann Ångström, "the" <boss>'), Mailbox("tom@example.org")),
    cc=(Mailbox("mia@example.org"),),
    bcc=(Mailbox("eva@example.org"), Mailbox("tom@example.org")),
    reply_to=Mailbox("answers@app.example"),
    subject="Grüße " * 20,
    text="Schöne Grüße\n.\nbye",
    html="<p>Schöne Grüße</p>",
    attachments=(Attachment("Maße.pdf", bytes(range(256)), "application/pdf"),),
)


def read(letter: Letter) -> EmailMessage:
    message = message_from_string(compose(letter, "01abc", NOW), _class=EmailMessage, policy=SMTP)
    assert isinstance(message, EmailMessage)
    return message


def test_a_letter_arrives_as_it_was_written() -> None:
    assert list(letter_faults(PLAIN, 5)) == []
    message = read(PLAIN)
    assert message["subject"] == PLAIN.subject
    assert message["from"] == "The desk <desk@app.example>"
    assert [(box.display_name, box.addr_spec) for box in message["to"].addresses] == [
        (box.name, box.address) for box in PLAIN.to
    ]
    assert (message["cc"], message["reply-to"]) == ("mia@example.org", "answers@app.example")
    assert message["message-id"] == "<01abc@app.example>"
    assert message["date"].datetime.isoformat() == "2026-03-01T08:00:00+00:00"
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None
    assert html is not None
    assert text.get_content().splitlines() == ["Schöne Grüße", ".", "bye"]
    assert html.get_content().strip() == PLAIN.html
    (attachment,) = message.iter_attachments()
    assert attachment.get_filename() == "Maße.pdf"
    assert attachment.get_content() == bytes(range(256))


def test_hidden_copies_are_in_no_header_and_everybody_gets_one() -> None:
    assert "eva@" not in compose(PLAIN, "01abc", NOW)
    assert PLAIN.recipients == ("ann@example.org", "tom@example.org", "mia@example.org", "eva@example.org")


def test_what_travels_is_ascii_in_short_lines() -> None:
    lines = compose(PLAIN, "01abc", NOW).split("\r\n")
    assert max(map(len, lines)) <= 998
    assert all("\n" not in line and "\r" not in line for line in lines)
    assert "".join(lines).isascii()


BREAKS = ("\r\nBcc: x@evil.example", "\n", "\r", "\0", "\x0b", "\x7f", "\x85", "\u2028", "\u2029")


@pytest.mark.parametrize("broken", BREAKS)
@pytest.mark.parametrize("field", ["subject", "to", "cc", "bcc", "from", "replyTo", "name", "attachments"])
def test_no_header_is_smuggled_in(field: str, broken: str) -> None:
    bad = Mailbox(f"ann@example.org{broken}")
    letters: dict[str, Any] = {
        "subject": {"subject": f"Hello{broken}"},
        "to": {"to": (bad,)},
        "cc": {"cc": (bad,)},
        "bcc": {"bcc": (bad,)},
        "from": {"sender": bad},
        "replyTo": {"reply_to": bad},
        "name": {"to": (Mailbox("ann@example.org", f"Ann{broken}"),)},
        "attachments": {"attachments": (Attachment(f"a{broken}.pdf", b"", "text/plain"),)},
    }
    faults = list(letter_faults(msgspec.structs.replace(PLAIN, **letters[field]), 5))
    assert {fault.field for fault in faults} == {"to" if field == "name" else field}


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"to": ()}, "to", "required"),
        ({"text": None, "html": None}, "text", "required"),
        ({"to": tuple(Mailbox(f"a{number}@example.org") for number in range(6))}, "to", "max_items"),
        ({"subject": "x" * 901}, "subject", "max_length"),
        ({"attachments": (Attachment("a", b"", "text"),)}, "attachments", "invalid_value"),
        ({"attachments": (Attachment("a", b"", "text/plain\r\nX: y"),)}, "attachments", "invalid_value"),
        ({"attachments": (Attachment("a", b"", "message/rfc822"),)}, "attachments", "invalid_value"),
        ({"attachments": (Attachment("a", b"", "multipart/mixed"),)}, "attachments", "invalid_value"),
    ],
)
def test_what_cannot_be_sent_is_refused(change: dict[str, Any], field: str, code: str) -> None:
    faults = list(letter_faults(msgspec.structs.replace(PLAIN, cc=(), bcc=(), **change), 5))
    assert [(fault.field, fault.code) for fault in faults] == [(field, code)]


@pytest.mark.parametrize("address", ["ann@example.org", "a.b+c@x", "o'neil@sub.example.org", "ANN@EXAMPLE.ORG"])
def test_an_address_is_taken(address: str) -> None:
    assert is_address(address)


@pytest.mark.parametrize(
    "address",
    [
        *(
            "",
            "ann",
            "@example.org",
            "ann@",
            "ann@@example.org",
            "a b@example.org",
            '"a"@example.org',
            "a..b@example.org",
        ),
        *(
            ".a@example.org",
            "a@-x.org",
            "a@x..org",
            "<ann@example.org>",
            "Ann <ann@example.org>",
            "ann@example.org,x@y.org",
        ),
        *("änn@example.org", "ann@exämple.org", "a@[127.0.0.1]", "x" * 65 + "@example.org", "a@" + "x." * 130 + "org"),
    ],
)
def test_what_is_no_address_is_not(address: str) -> None:
    assert not is_address(address)


TEMPLATE = EmailTemplateDeclaration(
    name="greeting",
    values=("name", "url"),
    subject="For {{name}}",
    text="{{ name }}: {{url}}",
    html='<a href="{{url}}">{{name}}</a>',
    locales={"de": MailText(subject="Für {{name}}", text="{{name}}, {{url}}")},
)


def test_values_stand_in_text_as_they_are_and_in_html_escaped() -> None:
    said = render(TEMPLATE, {"name": "<b>{{url}}</b>", "url": 'https://x/?a=1&b="2"'})
    assert said.subject == "For <b>{{url}}</b>"
    assert said.text == '<b>{{url}}</b>: https://x/?a=1&b="2"'
    assert said.html == '<a href="https://x/?a=1&amp;b=&quot;2&quot;">&lt;b&gt;{{url}}&lt;/b&gt;</a>'


@pytest.mark.parametrize(
    ("languages", "subject"),
    [
        ((), "For Ann"),
        (("de",), "Für Ann"),
        (("DE-at", "en"), "Für Ann"),
        (("fr", "de-CH"), "Für Ann"),
        (("en", "de"), "For Ann"),
        (("en-GB", "de"), "For Ann"),
        (("fr",), "For Ann"),
    ],
)
def test_a_mail_speaks_the_first_of_its_readers_languages(languages: tuple[str, ...], subject: str) -> None:
    assert render(TEMPLATE, {"name": "Ann", "url": "x"}, languages).subject == subject


def test_missing_values_and_values_too_many_are_told_together() -> None:
    with pytest.raises(Invalid) as refused:
        render(TEMPLATE, {"nam": "Ann", "url": "x"})
    assert [(fault.field, fault.code) for fault in refused.value.faults] == [
        ("data.nam", "unknown_field"),
        ("data.name", "required"),
    ]
    assert "Did you mean `name`?" in refused.value.faults[0].message
