"""Templates: a declared mail with its values filled in, in the first of its reader's languages that is there.

Values are escaped where they stand in HTML. Refuses values that are missing and values that the template does not declare.
"""

import re
from collections.abc import Mapping, Sequence
from html import escape

import msgspec

from fieldstone.errors import FieldFault, Invalid
from fieldstone.kinds.email_template import PLACEHOLDER, EmailTemplateDeclaration, MailText
from fieldstone.query.names import did_you_mean, shown


class Rendered(msgspec.Struct, frozen=True):
    """What a mail says: `text`, `html` or both."""

    subject: str
    text: str | None
    html: str | None


def render(template: EmailTemplateDeclaration, values: Mapping[str, str], languages: Sequence[str] = ()) -> Rendered:
    """Returns a template filled in; raises Invalid with a fault for every value that is missing or too many."""
    faults = [
        FieldFault(f"data.{shown(name)}", "unknown_field", _unknown(name, template))
        for name in values
        if name not in template.values
    ]
    faults += [
        FieldFault(f"data.{name}", "required", f"The template `{template.name}` needs `{name}`.")
        for name in template.values
        if name not in values
    ]
    if faults:
        raise Invalid(f"The values do not fit the template `{template.name}`.", faults=faults)
    said = _said(template, languages)
    escaped = {name: escape(value) for name, value in values.items()}
    return Rendered(
        subject=_filled(said.subject, values),
        text=_filled(said.text, values),
        html=None if said.html is None else _filled(said.html, escaped),
    )


def _said(template: EmailTemplateDeclaration, languages: Sequence[str]) -> MailText:
    """Returns the text of the first language that is there, by itself or without its region; else the template's own."""
    for language in languages:
        wanted = language.lower()
        while wanted:
            if wanted == template.language:
                return template
            if wanted in template.locales:
                return template.locales[wanted]
            wanted = wanted.rpartition("-")[0]
    return template


def _filled(text: str, values: Mapping[str, str]) -> str:
    def value_of(found: re.Match[str]) -> str:
        return values[found[1]]

    return PLACEHOLDER.sub(value_of, text)


def _unknown(name: str, template: EmailTemplateDeclaration) -> str:
    hint = did_you_mean(name, template.values)
    return f"The template `{template.name}` has no value `{shown(name)}`." + (f" {hint}" if hint else "")
