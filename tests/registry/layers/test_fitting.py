"""Overlays that no longer fit: set aside, but for those that decide rights, which stop the start."""

from pathlib import Path
from typing import Any

import pytest

from fieldstone.errors import DeclarationError
from fieldstone.registry.catalog import Catalog
from fieldstone.registry.layers.fitting import SetAside, fitting
from fieldstone.registry.layers.overlay import Overlay, Overlays, in_order
from tests.registry.declared import load

FILES = {
    "shop/ticket.object.yaml": "name: ticket\nfields: {subject: {type: text}}\n",
    "shop/clerk.permission.yaml": (
        "name: clerk\nobjects: {ticket: {allowRead: true}}\nfields: {ticket.subject: {readable: false}}\n"
    ),
}
LABEL = Overlay("object", "ticket", {"label": "Case"})
GONE = Overlay("object", "visit", {"label": "Visit"})
NOTE = Overlay("object", "note", {"name": "note", "fields": {"text": {"type": "text"}}})


def fitted(folder: Path, *overlays: Overlay) -> tuple[Catalog, tuple[SetAside, ...]]:
    """Returns the catalog with those of some overlays that fit, and the others."""

    def compiled(laid: Overlays) -> Catalog:
        return load(folder, FILES, overlays=laid)

    return fitting(in_order(overlays), compiled)


def test_overlays_that_fit_are_laid_over_the_packages_words(tmp_path: Path) -> None:
    catalog, aside = fitted(tmp_path, LABEL, NOTE)
    assert aside == ()
    assert catalog.objects["ticket"].label == "Case"
    assert list(catalog.objects["note"].declaration.fields) == ["text"]
    assert catalog.overlays == in_order([LABEL, NOTE])
    assert catalog.packaged("object", "ticket") == {"name": "ticket", "fields": {"subject": {"type": "text"}}}
    assert catalog.packaged("object", "note") is None
    assert catalog.version != load(tmp_path, FILES).version


def test_what_lies_over_nothing_is_set_aside_and_the_rest_is_in_effect(tmp_path: Path) -> None:
    catalog, aside = fitted(tmp_path, LABEL, GONE)
    assert catalog.objects["ticket"].label == "Case"
    assert [(item.overlay, item.faults[0].code) for item in aside] == [(GONE, "OVERLAY")]


def test_what_breaks_something_elsewhere_is_found_out_and_set_aside(tmp_path: Path) -> None:
    dropping = Overlay("object", "ticket", {"fields": {"subject": {"$remove": True}}})
    catalog, aside = fitted(tmp_path, NOTE, dropping)
    assert "subject" in catalog.objects["ticket"].fields
    assert "note" in catalog.objects
    assert [item.overlay for item in aside] == [dropping]
    assert "clerk.permission.yaml" in str(aside[0].faults[0])


@pytest.mark.parametrize(
    ("kind", "name", "delta"),
    [
        ("permission", "clerk", {"objects": {"visit": {"allowRead": True}}}),
        ("object", "ticket", {"sharingModel": "publick"}),
        ("object", "ticket", {"fields": {"subject": {"requiredPermissions": ["gone"]}}}),
    ],
)
def test_what_decides_rights_and_does_not_fit_stops_the_start(
    kind: str, name: str, delta: dict[str, Any], tmp_path: Path
) -> None:
    with pytest.raises(DeclarationError, match=f"overlay of {kind} {name}"):
        fitted(tmp_path, LABEL if kind != "object" else NOTE, Overlay(kind, name, delta))
