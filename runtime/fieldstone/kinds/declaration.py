"""What every declaration shares: strict camelCase Structs, and what a kind is."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

import msgspec

_NAME = "A name is made of lower-case letters, digits and `_`, and does not begin with a digit."
Name = Annotated[str, msgspec.Meta(pattern="^[a-z_][a-z0-9_]*$", max_length=63, description=_NAME)]
"""The name of whatever is declared."""

_CAPABILITY = "A capability is spelled in lower case, such as `ai:chat` or `setup.access`."
CapabilityName = Annotated[
    str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_]*([.:][a-z0-9_]+)*$", max_length=63, description=_CAPABILITY)
]
"""The name of a capability (contract 4.3)."""


class Declared(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """The root of every declared Struct: unknown keys are refused, keys are spelled in camelCase.

    `elsewhere` are keys that people know from other places, with what says the same here; `noun` is what messages call one of several
    Structs that are told apart by their `type`; `instead_of_text` is the mend where a text stands in the place of the Struct.
    """

    elsewhere: ClassVar[Mapping[str, str]] = {}
    noun: ClassVar[str] = ""
    instead_of_text: ClassVar[str] = ""

    @classmethod
    def form_of(cls, _value: Any) -> type["Declared"]:
        """Returns the Struct that a document of this kind has to fit: this one, unless the kind has other forms (`Kind.forms`)."""
        return cls

    @classmethod
    def completed(cls, value: Any) -> Any:
        """Returns a document with what may be left out of it written out, before it is held against the Struct."""
        return value


class Kind(msgspec.Struct, frozen=True):
    """A kind of declaration: files are named `<name>.<kind>.yaml` and hold one `struct`.

    `plural` is the folder a newcomer puts it in and the alias under `/meta`. `forms` are further Structs that a document may fit instead,
    which `struct.form_of` tells apart.
    """

    name: str
    plural: str
    struct: type[Declared]
    summary: str
    forms: tuple[type[Declared], ...] = ()

    @property
    def structs(self) -> tuple[type[Declared], ...]:
        """Every Struct that a document may fit."""
        return (self.struct, *self.forms)
