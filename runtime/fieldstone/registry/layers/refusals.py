"""What may not be overlaid, each with its reason: routes, capabilities, and the platform's own objects and permission sets."""

from fieldstone.kinds.api import API
from fieldstone.kinds.object import OBJECT
from fieldstone.kinds.package import CAPABILITY
from fieldstone.kinds.permission import PERMISSION
from fieldstone.registry.layout import PLATFORM

_NEVER = {
    API.name: "Routes come with packages alone: clients rely on them as they are.",
    CAPABILITY.name: "Capabilities come with packages alone, whose code asks for them.",
}
_NOT_THE_PLATFORMS = {
    OBJECT.name: "The platform's own objects are what its code works with.",
    PERMISSION.name: "The platform's own permission sets are what it grants by itself.",
}
_PLATFORM_PREFIX = "sys_"


def refusal(kind: str, name: str, package: str | None) -> str | None:
    """Returns why there is no overlay of a declaration, None where there may be one; without a `package` it is new."""
    if kind in _NEVER:
        return _NEVER[kind]
    if package is None and kind == OBJECT.name and name.startswith(_PLATFORM_PREFIX):
        return f"Names that begin with `{_PLATFORM_PREFIX}` are the platform's."
    return _NOT_THE_PLATFORMS.get(kind) if package == PLATFORM else None
