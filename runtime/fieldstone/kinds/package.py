"""Kind `package`: the file `package.yaml` of a package's folder."""

from typing import Annotated

import msgspec

from fieldstone.kinds.declaration import Declared
from fieldstone.kinds.object import Name

Version = Annotated[str, msgspec.Meta(pattern=r"^\d+\.\d+\.\d+$", description="A version has three numbers: `1.0.0`.")]


class PackageDeclaration(Declared, frozen=True, kw_only=True):
    """A package: declarations that are dropped in as a folder; `dependencies` names packages that must be loaded too."""

    name: Name
    label: str | None = None
    version: Version = "0.1.0"
    description: str | None = None
    dependencies: tuple[str, ...] = ()
