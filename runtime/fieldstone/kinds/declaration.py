"""What every declaration shares: strict camelCase Structs, and what a kind is."""

import msgspec


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
