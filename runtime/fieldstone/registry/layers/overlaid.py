"""Laying overlays over what was read, before anything is linked: the same compiler sees what is in effect, wherever it was said."""

from collections.abc import Iterable, Mapping
from hashlib import sha256

import msgspec

from fieldstone.errors import Fault, Place
from fieldstone.kinds.table import KINDS
from fieldstone.query.names import did_you_mean, shown
from fieldstone.registry.codes import Code
from fieldstone.registry.decode import decode
from fieldstone.registry.documents import Document, Reading
from fieldstone.registry.layers.delta import merged
from fieldstone.registry.layers.overlay import Layered, Overlay, Overlays, delta_text
from fieldstone.registry.layers.refusals import refusal
from fieldstone.registry.layers.source import overlaid_source
from fieldstone.registry.layers.text import yaml_text
from fieldstone.registry.layout import PLATFORM

NO_PACKAGE = ""
"""The package of what no package declares."""

LayeredItems = Mapping[tuple[str, str], Layered]
"""What has an overlay, by kind and name."""


def overlay_reading(reading: Reading, overlays: Overlays) -> tuple[Reading, LayeredItems]:
    """Returns what was read with overlays over it, and what has one; what does not fit is among the faults, and left as it was."""
    if not overlays:
        return reading, {}
    places = _places(reading.documents)
    documents = list(reading.documents)
    faults = list(reading.faults)
    broken = set(reading.broken)
    layered: dict[tuple[str, str], Layered] = {}
    for overlay in overlays:
        at = places.get(overlay.key)
        packaged = None if at is None else documents[at]
        document, wrong = _overlaid(overlay, packaged)
        faults += wrong
        if document is None:
            broken.add(overlay.key)
            continue
        layered[overlay.key] = Layered(packaged.source.value if packaged else None, overlay)
        if at is None:
            documents.append(document)
        else:
            documents[at] = document
    return Reading(tuple(documents), tuple(faults), frozenset(broken), reading.version), layered


def _places(documents: Iterable[Document]) -> dict[tuple[str, str], int]:
    """Returns where each document stands; a package's own words for a mail go before the platform's."""
    places: dict[tuple[str, str], int] = {}
    for at, document in enumerate(documents):
        key = (document.kind, document.key)
        if key not in places or document.package != PLATFORM:
            places[key] = at
    return places


def _overlaid(overlay: Overlay, packaged: Document | None) -> tuple[Document | None, list[Fault]]:
    place = Place(overlay.place, 0, 0)
    if overlay.type not in KINDS:
        return None, [
            Fault(
                place,
                Code.UNKNOWN_KIND,
                f"There is no kind `{shown(overlay.type)}`.",
                did_you_mean(overlay.type, KINDS),
            )
        ]
    reason = refusal(overlay.type, overlay.name, None if packaged is None else packaged.package)
    if reason is not None:
        return None, [Fault(place, Code.OVERLAY, reason, "Delete the overlay.")]
    if packaged is None and "name" not in overlay.delta and "$replace" not in overlay.delta:
        message = f"No package declares the {overlay.type} `{shown(overlay.name)}`, over which it lies."
        return None, [Fault(place, Code.OVERLAY, message, "Delete the overlay, or bring the package back that had it.")]
    source = overlaid_source(merged(None if packaged is None else packaged.source.value, overlay.delta))
    declared, faults = decode(source, KINDS[overlay.type].struct, overlay.place)
    if declared is None:
        return None, faults
    if packaged is not None:
        document = msgspec.structs.replace(
            packaged, file=overlay.place, content=yaml_text(source.value).encode(), source=source, declared=declared
        )
    else:
        document = Document(
            kind=overlay.type,
            name=str(source.value["name"]),
            package=NO_PACKAGE,
            relative=overlay.place,
            file=overlay.place,
            content=yaml_text(source.value).encode(),
            source=source,
            declared=declared,
        )
    wrong = _name_faults(overlay, document)
    return (None, wrong) if wrong else (document, faults)


def _name_faults(overlay: Overlay, document: Document) -> list[Fault]:
    """Returns a fault where a declaration goes by another name than its overlay."""
    if document.key == overlay.name and document.source.value["name"] == document.name:
        return []
    named = document.source.value["name"] if document.key == overlay.name else document.key
    message = f"The {overlay.type} is `{shown(overlay.name)}`, and calls itself `{shown(named)}`."
    hint = "A name is not changed: make another one, and delete this."
    return [document.fault(("name",), Code.NAME_MISMATCH, message, hint)]


def overlaid_version(version: str, overlays: Overlays) -> str:
    """Returns the hash over files, and over what lies on them."""
    if not overlays:
        return version
    digest = sha256(version.encode())
    for overlay in overlays:
        digest.update(f"\0{overlay.type}\0{overlay.name}\0{delta_text(overlay.delta)}".encode())
    return digest.hexdigest()
