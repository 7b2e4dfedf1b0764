"""The vocabulary: what can be asked of the door. Every face, and every feature over the door, speaks only this."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Literal

import msgspec

from fieldstone.query.document import QueryDocument


class Asked:
    """A query that may be asked again in the same words; one and the same stands for the same words."""

    __slots__ = ("document",)

    def __init__(self, document: QueryDocument) -> None:
        """Takes the query."""
        self.document = document


class Read(msgspec.Struct, frozen=True):
    """The records of an object that satisfy a query; answers `Page`.

    As they stood at an instant, when `as_of` says so; those in the trash instead, when `trash` does. `epoch` is the policy epoch at which
    the caller was found, where nobody has asked since whether it has passed: if so, it raises Outdated. With `asked`, which holds its
    query, what is made of that is kept for the next time.
    """

    object: str
    query: QueryDocument
    as_of: str | None = None
    trash: bool = False
    epoch: int | None = None
    asked: Asked | None = None


class Aggregate(msgspec.Struct, frozen=True):
    """Groups of the records of an object, and what is computed over them; answers `Groups`."""

    object: str
    query: QueryDocument


class Search(msgspec.Struct, frozen=True):
    """The records of each of some objects that hold the words of a text, the `limit` best of each; answers `Found`."""

    text: str
    objects: tuple[str, ...]
    limit: int


class Export(msgspec.Struct, frozen=True):
    """The records of an object that satisfy a query, all of one moment, to be taken out as a file; answers `Exported`.

    A `paged` file is laid out for a reader, who is not given more than he can read.
    """

    object: str
    query: QueryDocument
    paged: bool = False


class Explain(msgspec.Struct, frozen=True):
    """How a query would be run, for holders of `query:explain`; answers `Explanation`."""

    query: Read | Aggregate


class Get(msgspec.Struct, frozen=True):
    """One record, perhaps as of an instant; `fields` and `expand` as in a query document; answers `Record`. Raises NotFound.

    `epoch` is as in `Read`.
    """

    object: str
    id: str
    fields: Any = msgspec.UNSET
    expand: Any = msgspec.UNSET
    as_of: str | None = None
    epoch: int | None = None


class ReadHistory(msgspec.Struct, frozen=True):
    """The versions of one record, newest first, those below a version when one is given; answers `History`. Raises NotFound."""

    object: str
    id: str
    before: int | None = None
    limit: int | None = None


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
    """One record and what hangs on it; answers `Deleted`. Raises DeleteRestricted, ConcurrentUpdate.

    Where the object has a trash they go there; `purge` ends a record that is in it.
    """

    object: str
    id: str
    expected_version: int | None = None
    purge: bool = False


class Restore(msgspec.Struct, frozen=True):
    """One record out of the trash, or, with a version, its values as they were then; answers `Written`.

    Raises NotFound, Conflict, ConcurrentUpdate, and all that an update does.
    """

    object: str
    id: str
    version: int | None = None
    expected_version: int | None = None


class Clone(msgspec.Struct, frozen=True):
    """A new record like another, but for the values given; answers `Written`. Raises NotFound."""

    object: str
    id: str
    overrides: Mapping[str, Any]


class Batch(msgspec.Struct, frozen=True):
    """Many writes of one object (contract 3.8); answers `BatchResult`.

    Records, taken as they were sent, hold `data` (create), `id` and `data` (update), `id` (delete), or `data` with `externalId` or
    `id` (upsert), all but new ones perhaps `expectedVersion`. Not atomic: good rows stay, each row by itself, and after a bad one the
    others are tried unless `continue_on_error` is off. Atomic: all or none. `external_id_field` is the unique field by which an upsert
    finds its records; None: the only one there is.
    """

    object: str
    operation: Literal["create", "update", "upsert", "delete"]
    records: tuple[Any, ...]
    atomic: bool = False
    return_records: bool = False
    continue_on_error: bool = True
    external_id_field: str | None = None


class ImportColumn(msgspec.Struct, frozen=True):
    """A column of an import: its name, the field that its cells go to, and how they are read.

    `by` is the unique field by which alone the records are found that a reference points to. Where `decimal_mark` or `date_order` is None,
    a text is taken that can be read in one way. `default` stands for a cell that is blank, which sets nothing otherwise.
    """

    source: str
    field: str
    by: str | None = None
    decimal_mark: str | None = None
    date_order: str | None = None
    transform: str = "none"
    default: Any = None
    required: bool = False


class Import(msgspec.Struct, frozen=True, eq=False):
    """Rows of cells that become records of an object, each with a result of its own (contract 3.6); answers `Imported`.

    `rows` hold a cell for each column, as it was written, or, in place of them all, why a row could not be read. An update and an
    upsert find records by `match_fields`, which are among the fields of the columns. `null_values` are texts that mean nothing. Atomic: all
    or none. What was `found` out about the rows when they were read is handed on.
    """

    object: str
    columns: tuple[ImportColumn, ...]
    rows: Sequence[Any]
    write_mode: Literal["insert", "update", "upsert"] = "insert"
    match_fields: tuple[str, ...] = ()
    null_values: frozenset[str] = frozenset()
    trim_whitespace: bool = True
    skip_blank_match_key: bool = False
    atomic: bool = False
    dry_run: bool = False
    found: Mapping[str, Any] = {}


class StartImport(msgspec.Struct, frozen=True, eq=False):
    """An import of many rows that is done beside the requests; answers `ImportJob`."""

    asked: Import


class Across(msgspec.Struct, frozen=True):
    """Writes of several objects, one after the other (contract 3.8); answers `AcrossResult`.

    Operations, taken as they were sent, hold `object`, `action`, and what a record of such a batch holds. `{"$ref": n}` in an `id` or
    anywhere in `data` stands for the id of operation `n`, an earlier one. Atomic: all or none.
    """

    operations: tuple[Any, ...]
    atomic: bool = True


class ReadShares(msgspec.Struct, frozen=True):
    """Who has a share of one record; answers `Page` of `sys_record_share`. The query says no more than which page."""

    object: str
    id: str
    query: QueryDocument


class ShareRecord(msgspec.Struct, frozen=True):
    """One record opened to a recipient, at a new level where he has a share already; answers `Written` of `sys_record_share`."""

    object: str
    id: str
    recipient_type: str
    recipient_id: str
    access_level: str = "read"
    reason: str | None = None


class UnshareRecord(msgspec.Struct, frozen=True):
    """A share that is taken back; answers `Deleted` of `sys_record_share`. Raises NotFound, and Conflict for one not made by hand."""

    object: str
    id: str
    share_id: str


class Once(msgspec.Struct, frozen=True):
    """A write that is done once for each key of a caller; answers `Kept`. Raises IdempotencyKeyReused.

    `fingerprint` tells one request from another: with it equal, a later one gets what the first one got.
    """

    key: str
    fingerprint: str
    write: (
        Create | Update | Delete | Restore | Clone | Batch | Across | Import | StartImport | ShareRecord | UnshareRecord
    )


class SendMail(msgspec.Struct, frozen=True):
    """A mail of a template to one address, sent after the Unit is committed; answers `Written`. For the system alone.

    `languages` are those that its reader prefers, the best first. Raises Invalid for values that the template does not declare.
    """

    template: str
    to: str
    values: Mapping[str, str]
    languages: tuple[str, ...] = ()


class Invoke(msgspec.Struct, frozen=True):
    """An action, by its key among all, on a record or on none; answers `Invoked`.

    `input` is taken as it was sent: values by parameter, perhaps with the record's id among them, or `recordId` beside `params`.
    Raises PermissionDenied, NotFound, Invalid, and Conflict where it is disabled.
    """

    action: str
    input: Any
    record_id: str | None = None


class Together(msgspec.Struct, frozen=True):
    """Writes in one Unit, one after the other, all or none; answers `Done`. For the system alone.

    All are prepared before the first is applied.
    """

    operations: tuple[Create | Update | Delete | SendMail, ...]


class StartFlow(msgspec.Struct, frozen=True):
    """A run of a flow, begun once what its Unit writes stands; answers `RunState`. Raises NotFound, FlowDisabled, Invalid.

    `trigger` says by what, `cause` more of it, such as the record that was written; `bound` are further names that its expressions may use,
    such as `record` and `previous`. With an `error` it is over at once, and tells why. With a `run_id` that has been there before nothing
    is begun, and the run is answered as it is. A run is made for its caller, and acts as he, unless the flow says otherwise.
    """

    flow: str
    input: Mapping[str, Any]
    trigger: str = "api"
    cause: Mapping[str, Any] = {}
    bound: Mapping[str, Any] = {}
    run_id: str | None = None
    error: Mapping[str, Any] | None = None


class ReadRun(msgspec.Struct, frozen=True):
    """A run with its steps; answers `RunState`. Raises NotFound."""

    flow: str
    run_id: str


class CancelRun(msgspec.Struct, frozen=True):
    """The end of a run that is not over, with all that it has started; answers `RunState`. Raises NotFound, InvalidState."""

    flow: str
    run_id: str


class ResumeRun(msgspec.Struct, frozen=True):
    """What a waiting run waits for: the inputs of a screen, or a signal; answers `RunState`. Raises NotFound, Invalid, InvalidState.

    `step` is the key of the step that waits, and may be left out where one does. `output` is what comes of it, where it is no screen.
    """

    flow: str
    run_id: str
    inputs: Mapping[str, Any] = {}
    step: str | None = None
    output: Any = None


class ReplayRun(msgspec.Struct, frozen=True):
    """A new run like one that is over, which does again what came from a step on; answers `RunState`.

    Raises NotFound, Invalid, InvalidState. Steps before the one with the key `step` are taken from the old run; None: nothing is.
    """

    flow: str
    run_id: str
    step: str | None = None


class Work(msgspec.Struct, frozen=True, eq=False):
    """What a room above does in one Unit, operations and rows of its own together; answers `Worked`. For the system alone.

    `do` is given the door and the Unit, and is called again when the Unit is tried again: it keeps nothing of what it did before.
    """

    do: Callable[[Any, Any], Awaitable[Any]]


Operation = (
    Read
    | Aggregate
    | Search
    | Export
    | Explain
    | Get
    | ReadHistory
    | ReadShares
    | Create
    | Update
    | Delete
    | Restore
    | Clone
    | Batch
    | Across
    | Import
    | StartImport
    | ShareRecord
    | UnshareRecord
    | Once
    | SendMail
    | Invoke
    | Together
    | StartFlow
    | ReadRun
    | CancelRun
    | ResumeRun
    | ReplayRun
    | Work
)
