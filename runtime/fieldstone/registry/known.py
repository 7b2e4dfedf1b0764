"""The objects that other declarations may name, and how it is said that a name is none of them."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Generic, TypeVar

import msgspec

from fieldstone.errors import Fault, Place
from fieldstone.query.names import did_you_mean, meant_or_known
from fieldstone.registry.codes import Code

T = TypeVar("T")


class Known(msgspec.Struct, Generic[T], frozen=True):
    """Objects by name; `broken` are names whose own file has faults, so that nothing more is said about them."""

    by_name: Mapping[str, T]
    broken: frozenset[str] = frozenset()

    def get(self, name: str) -> T | None:
        """Returns the object of a name, None when there is none or it is broken."""
        return self.by_name.get(name)

    def missing(self, place: Place, name: str) -> Iterator[Fault]:
        """Yields the fault of a name for which `get` has nothing."""
        if name not in self.broken:
            hint = (
                did_you_mean(name, self.by_name)
                or "Declare it in a file `<name>.object.yaml` of a package that is loaded."
            )
            yield Fault(place, Code.UNKNOWN_OBJECT, f"There is no object `{name}`.", hint)


def unknown_field(place: Place, name: str, object_name: str, known: Iterable[str]) -> Fault:
    """Returns the fault of a field that an object does not have."""
    return Fault(place, Code.UNKNOWN_FIELD, f"`{object_name}` has no field `{name}`.", meant_or_known(name, known))
