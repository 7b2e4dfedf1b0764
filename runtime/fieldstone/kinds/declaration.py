"""What every declaration shares: strict camelCase Structs, and what a kind is."""

from typing import Annotated

import msgspec

_CAPABILITY = "A capability is spelled in lower case, such as `ai:chat` or `setup.access`."
CapabilityName = Annotated[
    str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_]*([.:][a-z0-9_]+)*$", max_length=63, description=_CAPABILITY)
]
"""The name of a capability (contract 4.3)."""


class Declared(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """The root of every declared Struct: unknown keys are refused, keys are spelled in camelCase."""


class Kind(msgspec.Struct, frozen=True):
    """A kind of declaration: files are named `<name>.<kind>.yaml` and hold one `struct`.

    `plural` is the folder a newcomer puts it in and the alias under `/meta`.
    """

    name: str
    plural: str
    struct: type[Declared]
    summary: str
