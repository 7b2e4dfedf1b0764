"""The layers of a declaration: what the platform says, what a package does, what the deployment says differently, and what comes of it."""

from typing import Any

import msgspec

from fieldstone.errors import NotFound
from fieldstone.query.names import did_you_mean, shown
from fieldstone.registry.catalog import Catalog
from fieldstone.registry.layers.delta import merged
from fieldstone.registry.layers.differences import differences
from fieldstone.registry.layout import PLATFORM


class LayerValues(msgspec.Struct):
    """What each layer says; null where it says nothing."""

    base: dict[str, Any] | None
    package: dict[str, Any] | None
    overlay: dict[str, Any] | None


class LayerDifference(msgspec.Struct, omit_defaults=True):
    """A value that the overlay changes: what the package has, and what is in effect; left out where there is none."""

    path: str
    package: Any = msgspec.UNSET
    overlay: Any = msgspec.UNSET


class Layers(msgspec.Struct, rename="camel"):
    """A declaration by its layers; `version` counts the changes of its overlay."""

    type: str
    name: str
    layers: LayerValues
    effective: dict[str, Any]
    overlay_scope: str | None
    package_id: str | None
    version: int
    diff: list[LayerDifference]


def layers_of(catalog: Catalog, kind: str, name: str) -> Layers:
    """Returns the layers of a declaration; raises NotFound."""
    item = catalog.items.get(kind, {}).get(name)
    if item is None:
        raise NotFound(f"No {kind} `{shown(name)}`.", hint=did_you_mean(name, catalog.items.get(kind, {})))
    layered = catalog.layered.get((kind, name))
    packaged = catalog.packaged(kind, name)
    told = None if packaged is None else dict(packaged)
    base = told if item.package == PLATFORM else None
    return Layers(
        type=kind,
        name=name,
        layers=LayerValues(
            base=base,
            package=None if base is not None else told,
            overlay=None if layered is None else dict(layered.overlay.delta),
        ),
        effective=dict(item.document),
        overlay_scope=None if layered is None else "env",
        package_id=item.package or None,
        version=0 if layered is None else layered.overlay.version,
        diff=[]
        if layered is None
        else [
            LayerDifference(each.path, each.before, each.after)
            for each in differences(packaged, merged(packaged, layered.overlay.delta))
        ],
    )
