"""E-mail templates: every place for a value is well formed, and stands for a value that is declared."""

from collections.abc import Iterator
from typing import Any

from fieldstone.errors import Fault
from fieldstone.kinds.email_template import PLACEHOLDER, EmailTemplateDeclaration
from fieldstone.query.names import did_you_mean, shown
from fieldstone.registry.codes import Code
from fieldstone.registry.documents import Document


def template_faults(document: Document) -> Iterator[Fault]:
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
