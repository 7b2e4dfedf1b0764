"""Kind `package`: the file `package.yaml` of a package's folder, and the capabilities that it declares (contract 4.3)."""

from typing import Annotated, Literal

import msgspec

from fieldstone.kinds.declaration import CapabilityName, Declared, Kind, Name
from fieldstone.kinds.email_template import Language

Version = Annotated[str, msgspec.Meta(pattern=r"^\d+\.\d+\.\d+$", description="A version has three numbers: `1.0.0`.")]


class Capability(Declared, frozen=True, kw_only=True):
    """A right to something that is no record: permission sets give it, routes, objects and fields ask for it."""

    name: CapabilityName
    """Its name, new among all packages."""
    label: str | None = None
    """What people call it; told by `/meta`."""
    description: str | None = None
    """What its holders may do; told by `/meta`."""
    scope: Literal["org", "platform"] = "org"
    """`org`: a set that views and modifies all records has it, too. `platform`: it reaches beyond one organisation, and only a set that
    names it, or `'*'`, has it."""


class PackageDeclaration(Declared, frozen=True, kw_only=True):
    """A package: declarations that are dropped in as a folder; `dependencies` names packages that must be loaded too."""

    name: Name
    """The package's name, as in the folder's."""
    label: str | None = None
    """What people call it; told by `/meta` beside each of its declarations."""
    version: Version = "0.1.0"
    """Its version; told by `/meta`, too."""
    description: str | None = None
    """What it is for; told by `/meta`, too."""
    language: Language = "en"
    """The language in which its declarations speak to people; translations stand in for readers of others."""
    dependencies: tuple[str, ...] = ()
    """Names of packages that are loaded before it."""
    capabilities: tuple[Capability, ...] = ()
    """The capabilities that permission sets may give, and routes, objects and fields may ask for."""


CAPABILITY = Kind(
    name="capability",
    plural="capabilities",
    struct=Capability,
    summary="A right to something that is no record",
)
"""Declared within `package.yaml`, and told by `/meta` like a declaration of its own."""
