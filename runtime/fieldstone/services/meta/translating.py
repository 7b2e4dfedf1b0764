"""What declarations say, in the language of whoever reads: in what `/meta` tells of them and is sent of them, and of a refused record."""

from collections.abc import Iterator, Mapping
from typing import Any

from fieldstone.errors import Invalid
from fieldstone.registry.catalog import Catalog, Item
from fieldstone.registry.wording import SOURCE, Texts, Way, languages_for, restored, reworded

Languages = tuple[str, ...]
"""The languages that somebody reads, in lower case, the best first."""

_RULE = ("constraint", "rule")
_OF_FIELDS = "fields"


class Translating:
    """Puts the texts of one catalog into other languages."""

    def __init__(self, catalog: Catalog) -> None:
        """Takes the catalog."""
        self._catalog = catalog

    def document(self, item: Item, told: dict[str, Any], languages: Languages) -> dict[str, Any]:
        """Returns what is told of a declaration, in the first of some languages in which each text is there."""
        return reworded(told, self._said(item, languages))

    def declared(self, kind: str, name: str, sent: Mapping[str, Any], languages: Languages) -> Mapping[str, Any]:
        """Returns what is sent of a declaration by somebody who reads some languages, to be stored.

        What it says in the words in which he is told of it, it says as before in its own.
        """
        item = self._catalog.items.get(kind, {}).get(name)
        return sent if item is None else restored(sent, item.document, self._said(item, languages))

    def refusal(self, refused: Invalid, object_name: str, languages: Languages) -> Invalid:
        """Returns a refusal of a record with the labels of fields and the messages of rules in the first language that has them."""
        item = self._catalog.items["object"].get(object_name)
        faults = refused.details.get(_OF_FIELDS)
        said = {} if item is None or not faults else self._said(item, languages)
        if not said:
            return refused
        told = [_fault(fault, said) for fault in faults or ()]
        return Invalid(refused.message, details={**refused.details, _OF_FIELDS: told})

    def _said(self, item: Item, languages: Languages) -> Texts:
        """Returns the texts of a declaration, each in the first of some languages in which it is there."""
        said: dict[Way, str] = {}
        for texts in self._texts(item, languages):
            said = {**texts, **said}
        return said

    def _texts(self, item: Item, languages: Languages) -> Iterator[Texts]:
        wordings = self._catalog.wordings
        if not wordings or not languages:
            return
        package = self._catalog.packages.get(item.package)
        own = SOURCE if package is None else package.language
        for language in languages_for(languages, wordings, own):
            texts = wordings[language].get((item.kind, item.name))
            if texts is not None:
                yield texts


def _fault(fault: Mapping[str, Any], said: Texts) -> dict[str, Any]:
    """Returns a fault of a field with its label, and the message of the declared rule that it breaks, as they are said."""
    told = dict(fault)
    label = said.get((_OF_FIELDS, str(fault["field"]), "label"))
    if "label" in fault and label is not None:
        told["label"] = label
    held = fault.get(_RULE[0])
    rule = held.get(_RULE[1]) if isinstance(held, Mapping) else None
    message = None if rule is None else said.get(("validations", str(rule), "message"))
    if message is not None:
        told["message"] = message
    return told
