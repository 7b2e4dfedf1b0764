"""Kind `translation`: what declarations say to people, in another language."""

from typing import Any, ClassVar

from fieldstone.kinds.declaration import Declared, Kind, Name
from fieldstone.kinds.email_template import Language

Texts = dict[str, Any]


class TranslationDeclaration(Declared, frozen=True, kw_only=True):
    """What declarations say to people, in another language: by kind, then by name, then by the way to the text in the declaration.

    Members of a list are named by their `name`, `id`, `key`, `field` or `value`. A text in place of a thing that has a label is its label:
    `fields: {subject: Betreff}` says `fields: {subject: {label: Betreff}}`.
    """

    elsewhere: ClassVar[dict[str, str]] = {
        "locale": "Say `language`.",
        "email_templates": "A template has its `locales` itself.",
    }

    name: Name
    """The name, new among all translations; as in the file's name."""
    language: Language
    """The language, such as `de`; for `de-at` what is not said there is said as in `de`."""
    objects: dict[str, Texts | str] = {}
    """By name of the object."""
    views: dict[str, Texts | str] = {}
    """By `object.view`."""
    apps: dict[str, Texts | str] = {}
    """By name of the app."""
    dashboards: dict[str, Texts | str] = {}
    """By name of the dashboard."""
    actions: dict[str, Texts | str] = {}
    """By name of the action; `object.action` for one that has an object."""
    flows: dict[str, Texts | str] = {}
    """By name of the flow."""
    permissions: dict[str, Texts | str] = {}
    """By name of the permission set."""
    hooks: dict[str, Texts | str] = {}
    """By name of the hook."""
    capabilities: dict[str, Texts | str] = {}
    """By name of the capability."""


TRANSLATION = Kind(
    name="translation",
    plural="translations",
    struct=TranslationDeclaration,
    summary="What declarations say to people, in another language",
)
