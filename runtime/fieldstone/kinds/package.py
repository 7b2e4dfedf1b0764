"""Kind `package`: the file `package.yaml` of a package's folder."""

from typing import Annotated

import msgspec

from fieldstone.kinds.declaration import Declared
from fieldstone.kinds.object import Name

Version = Annotated[str, msgspec.Meta(pattern=r"^\d+\.\d+\.\d+$", description="A version has three numbers: `1.0.0`.")]


class PackageDeclaration(Declared, frozen=True, kw_only=True):
    """A package: declarations that are dropped in as a folder; `dependencies` names packages that must be loaded too."""

    name: Name
    """The package's name, as in the folder's."""
    label: str | None = None
    """What people call it."""
    version: Version = "0.1.0"
    """Its version."""
    description: str | None = None
    """What it is for."""
    dependencies: tuple[str, ...] = ()
    """Names of packages that are loaded before it."""
