"""The vocabulary: what can be asked of the door. Every face, and every feature over the door, speaks only this."""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from fieldstone.query.document import QueryDocument


class Read(msgspec.Struct, frozen=True):
    """The records of an object that satisfy a query; answers `Page`."""

    object: str
    query: QueryDocument


class Get(msgspec.Struct, frozen=True):
    """One record; `fields` and `expand` as in a query document; answers `Record`. Raises NotFound."""

    object: str
    id: str
    fields: Any = msgspec.UNSET
    expand: Any = msgspec.UNSET


class Create(msgspec.Struct, frozen=True):
    """New records, all or none, in the order given; answers `Written`."""

    object: str
    rows: tuple[Mapping[str, Any], ...]


class Update(msgspec.Struct, frozen=True):
    """A change of one record's values (null clears); answers `Written`. Raises ConcurrentUpdate off `expected_version`."""

    object: str
    id: str
    values: Mapping[str, Any]
    expected_version: int | None = None


class Delete(msgspec.Struct, frozen=True):
    """One record and what hangs on it; answers `Deleted`. Raises DeleteRestricted, ConcurrentUpdate."""

    object: str
    id: str
    expected_version: int | None = None


class Batch(msgspec.Struct, frozen=True):
    """Many writes of one object (contract 3.8); answers `BatchResult`.

    Records, taken as they were sent, hold `data` (create), `id` and `data` (update) or `id` (delete), the last two perhaps
    `expectedVersion`. Not atomic: good rows stay, each row by itself. Atomic: all or none.
    """

    object: str
    operation: Literal["create", "update", "delete"]
    records: tuple[Any, ...]
    atomic: bool = False
    return_records: bool = False


Operation = Read | Get | Create | Update | Delete | Batch
