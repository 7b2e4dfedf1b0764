"""E-mail templates: every place for a value is well formed, and stands for a value that is declared.

A package may declare a template of the platform's again, in its own words: it goes before the platform's. It is given the platform's
values, names those that it uses, and says the link where there is one. Two packages with words for the same mail clash.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from fieldstone.errors import Fault
from fieldstone.kinds.email_template import EMAIL_TEMPLATE, PLACEHOLDER, EmailTemplateDeclaration
from fieldstone.query.names import did_you_mean, shown
from fieldstone.registry.codes import Code
from fieldstone.registry.documents import Document
from fieldstone.registry.layout import PLATFORM

LINK = "url"
"""The value without which a mail that has one is good for nothing."""


def replaced_templates(documents: Iterable[Document]) -> tuple[Sequence[Document], Mapping[str, Document]]:
    """Returns the documents without those templates of the platform that a package declares again; these by name."""
    found = list(documents)
    own = {each.name for each in found if each.kind == EMAIL_TEMPLATE.name and each.package != PLATFORM}
    kept: list[Document] = []
    replaced: dict[str, Document] = {}
    for document in found:
        if document.kind == EMAIL_TEMPLATE.name and document.package == PLATFORM and document.name in own:
            replaced[document.name] = document
        else:
            kept.append(document)
    return kept, replaced


def templates_in(
    documents: Mapping[str, Document], replaced: Mapping[str, Document]
) -> dict[str, EmailTemplateDeclaration]:
    """Returns the templates by name, each with all the values that it is given."""
    found: dict[str, Any] = {name: document.declared for name, document in documents.items()}
    for name, before in replaced.items():
        given: Any = before.declared
        found[name] = msgspec.structs.replace(found[name], values=given.values)
    return found


def template_faults(documents: Mapping[str, Document], replaced: Mapping[str, Document]) -> Iterator[Fault]:
    """Yields everything wrong with the templates, and with those of them that are in place of the platform's."""
    for document in documents.values():
        yield from _template_faults(document)
    for name, before in replaced.items():
        yield from _replacement_faults(documents[name], before)


def _replacement_faults(document: Document, replaced: Document) -> Iterator[Fault]:
    """Yields everything wrong with a template of the platform's in other words."""
    declared: Any = document.declared
    before: Any = replaced.declared
    for place, name in enumerate(declared.values):
        if name not in before.values:
            hint = did_you_mean(name, before.values) or f"There are {', '.join(f'`{each}`' for each in before.values)}."
            message = f"The platform gives this mail no `{shown(name)}`."
            yield document.fault(("values", place), Code.TEMPLATE, message, hint)
    if LINK in before.values and LINK not in declared.values:
        message = f"The platform sends this mail for its link, and `{LINK}` is not in it."
        yield document.fault(
            ("values",), Code.TEMPLATE, message, f"Name `{LINK}` in `values`, and write `{{{{{LINK}}}}}`."
        )


def _template_faults(document: Document) -> Iterator[Fault]:
    """Yields everything wrong with a template: with the places for values in its parts, and values that have none."""
    declared: Any = document.declared
    template: EmailTemplateDeclaration = declared
    texts = [((), template), *((("locales", language), text) for language, text in template.locales.items())]
    used = set()
    for path, text in texts:
        for key, part in text.parts():
            names = PLACEHOLDER.findall(part)
            used.update(names)
            for name in dict.fromkeys(names):
                if name not in template.values:
                    hint = did_you_mean(name, template.values) or "Declare it in `values`."
                    message = f"`{key}` has a place for `{name}`, which is no value of this template."
                    yield document.fault((*path, key), Code.TEMPLATE, message, hint)
            rest = PLACEHOLDER.sub("", part)
            if "{{" in rest or "}}" in rest:
                message = f"`{key}` has braces that are no place for a value."
                yield document.fault((*path, key), Code.TEMPLATE, message, "A place is written `{{name}}`.")
    for place, name in enumerate(template.values):
        if name not in used:
            message = f"Nothing in the template says `{shown(name)}`."
            yield document.fault(
                ("values", place), Code.TEMPLATE, message, f"Write `{{{{{name}}}}}` somewhere, or leave it out."
            )
