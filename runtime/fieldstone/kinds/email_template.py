"""Kind `email_template`: what a mail says, with places for values, in one language and in others."""

import re
from collections.abc import Iterator
from typing import Annotated

import msgspec

from fieldstone.kinds.declaration import Declared, Kind, Name

PLACEHOLDER = re.compile(r"\{\{ *([a-z_][a-z0-9_]*) *\}\}")
"""A place for a value: its name between two pairs of braces."""

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=100_000)]
_LINE = "A subject is one line."
Subject = Annotated[
    str, msgspec.Meta(min_length=1, max_length=300, pattern=r"^[^\x00-\x1f\x7f\u2028\u2029]+$", description=_LINE)
]
_LANGUAGE = "A language such as `de` or `pt-br`, in lower case."
Language = Annotated[str, msgspec.Meta(pattern="^[a-z]{2,3}(-[a-z0-9]{2,8})*$", description=_LANGUAGE)]


class MailText(Declared, frozen=True, kw_only=True):
    """What a mail says in one language; `{{name}}` stands for a value."""

    subject: Subject
    """The subject."""
    text: Text
    """The mail as plain text."""
    html: Text | None = None
    """The mail as HTML; values are escaped in it."""

    def parts(self) -> Iterator[tuple[str, str]]:
        """Yields the parts that are there, by key."""
        yield "subject", self.subject
        yield "text", self.text
        if self.html is not None:
            yield "html", self.html


class EmailTemplateDeclaration(MailText, frozen=True, kw_only=True):
    """A mail with places for values: `{{name}}` in its parts stands for a value that `values` names.

    `locales` says the same in other languages; a mail is written in the first of its reader's languages that is there.
    """

    name: Name
    """The name by which a mail asks for it."""
    label: str | None = None
    """What people call it."""
    values: tuple[Name, ...] = ()
    """The values that must be given, and no others."""
    language: Language = "en"
    """The language of `subject`, `text` and `html`."""
    locales: dict[Language, MailText] = {}
    """The same in other languages."""


EMAIL_TEMPLATE = Kind(
    name="email_template", plural="email_templates", struct=EmailTemplateDeclaration, summary="What a mail says"
)
