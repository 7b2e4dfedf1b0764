"""What is not translated: texts of declarations that a language does not say which says others; no fault unless somebody asks."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

from fieldstone.errors import Fault
from fieldstone.kinds.table import TOLD
from fieldstone.registry.catalog import Catalog, Item
from fieldstone.registry.codes import Code
from fieldstone.registry.decode import struct_of
from fieldstone.registry.layers.members import NAMED_BY, member_name
from fieldstone.registry.layout import PLATFORM
from fieldstone.registry.translations import TRANSLATED, texts_of
from fieldstone.registry.wording import SOURCE, Way


def untranslated_in(catalog: Catalog) -> Iterator[Fault]:
    """Yields a fault for each text of a package that a language lacks; a variety, such as `de-at`, may leave all to its language."""
    items = [item for kind in TRANSLATED for item in catalog.items.get(kind, {}).values() if item.package != PLATFORM]
    texts = {(item.kind, item.name): dict(texts_of(struct_of(item.document, TOLD[item.kind].struct))) for item in items}
    for language in catalog.wordings:
        for item in items:
            package = catalog.packages.get(item.package)
            own = SOURCE if package is None else package.language
            if _wider(language).isdisjoint({own, *catalog.wordings}) and language != own:
                said = catalog.wordings[language].get((item.kind, item.name), {})
                yield from (_fault(item, way, language) for way in texts[item.kind, item.name] if way not in said)


def _wider(language: str) -> set[str]:
    """Returns the languages of which one is a variety: of `de-at-wien`, `de-at` and `de`."""
    parts = language.split("-")
    return {"-".join(parts[:count]) for count in range(1, len(parts))}


def _fault(item: Item, way: Way, language: str) -> Fault:
    message = f"This is not said in `{language}`."
    hint = f"Say `{'.'.join((TOLD[item.kind].plural, item.name, *way))}` in a translation."
    return Fault(item.at(*_path(item.document, way)), Code.TRANSLATION, message, hint)


def _path(document: Mapping[str, Any], way: Way) -> Iterator[str | int]:
    """Yields the steps of a way as far as the document has them, with the places of members of lists for their names."""
    key, value = "", cast("Any", document)
    for step in way:
        named = _named(key, value)
        if step not in named:
            return
        at, value = named[step]
        key = step
        yield at


def _named(key: str, value: Any) -> dict[str | None, tuple[str | int, Any]]:
    """Returns what a value holds and where in it, by the names by which a way goes on."""
    if isinstance(value, Mapping):
        return {name: (name, each) for name, each in value.items()}
    if isinstance(value, list):
        return {member_name(NAMED_BY.get(key, ()), each): (number, each) for number, each in enumerate(value)}
    return {}
