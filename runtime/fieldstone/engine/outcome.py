"""What comes of an Operation. Rows stay tuples until a face encodes them: names once, values per row."""

from collections.abc import AsyncGenerator, Mapping
from typing import Any, Literal

import msgspec

from fieldstone.access.explain import AddedRule
from fieldstone.errors import FieldFault, FieldstoneError
from fieldstone.query.ast import Expansion


class Page(msgspec.Struct, frozen=True):
    """A page of records: `columns` names each place of the rows. `total` is None when it was not asked for.

    `cursor` is None on the last page. `limit` is the page size in force. An expanded reference holds a dict where its target is
    there for the caller, else the id as it stands; an expanded list holds dicts. `expand` tells what was expanded, level by level.
    """

    object: str
    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    limit: int
    total: int | None = None
    cursor: str | None = None
    expand: tuple[Expansion, ...] = ()

    def records(self) -> list[dict[str, Any]]:
        """Returns the rows by name, for code that reads a few of them."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


class Groups(Page, frozen=True):
    """A page of groups: `columns` are the group names and aliases, `total` counts groups, and there is no cursor.

    `targets` names the object of the ids that a column holds, alone or in lists.
    """

    targets: Mapping[str, str] = {}


class Hits(msgspec.Struct, frozen=True):
    """The records of one object that a search finds, the best first; `ids` and `points` stand beside the rows, place by place.

    `fields` are those that were searched. `most_points` is what a record can have at best. `total` counts what was found; with `cut`
    there may be more.
    """

    object: str
    fields: tuple[str, ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    ids: tuple[str, ...]
    points: tuple[int, ...]
    most_points: int
    total: int
    cut: bool = False


class Found(msgspec.Struct, frozen=True):
    """What a search finds, object by object; without `terms` there was nothing to look for."""

    terms: tuple[str, ...]
    hits: tuple[Hits, ...]


class Exported(msgspec.Struct, frozen=True, eq=False):
    """Records bit by bit, all of one moment, `at`: rows by `columns`, behind them the names of what references point to.

    `titles` tells at which place of a row stands the name that goes with a column; it is null where there is no such record for the
    caller. Whoever gets `batches` reads them to their end or closes them.
    """

    object: str
    at: str
    columns: tuple[str, ...]
    titles: Mapping[str, int]
    batches: AsyncGenerator[list[tuple[Any, ...]], None]


class ExplainedStatement(msgspec.Struct, frozen=True):
    """One statement of a query: what for, its SQL, the types of what it binds, the database's plan, and about how many rows it reads."""

    purpose: str
    sql: str
    binds: tuple[str, ...]
    plan: Any
    estimated_rows: int


class Explanation(msgspec.Struct, frozen=True):
    """A query in place of its answer: its shape without values, its statements, and the rules that the policy added."""

    object: str
    shape: Any
    statements: tuple[ExplainedStatement, ...]
    rules: tuple[AddedRule, ...]


class Record(msgspec.Struct, frozen=True):
    """One record; `version` is there even when the field was not selected. `expand` as in a Page."""

    object: str
    columns: tuple[str, ...]
    row: tuple[Any, ...]
    version: int
    expand: tuple[Expansion, ...] = ()


class Remark(FieldFault, frozen=True, kw_only=True, omit_defaults=True):
    """What a rule that does not refuse says of a record that was written: a fault with its severity, `warning` or `info`."""

    severity: str


Remarks = tuple[Remark, ...]


class Written(msgspec.Struct, frozen=True):
    """Records after a write, in the order of the operation: each as its writer may read it, or None where he may not.

    `versions` stands beside `ids`, place by place; so does `remarks`, or it is empty where no record has any.
    """

    object: str
    ids: tuple[str, ...]
    versions: tuple[int, ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...] | None, ...]
    remarks: tuple[Remarks, ...] = ()

    def remarks_at(self, place: int) -> Remarks:
        """Returns what is remarked of the record at a place."""
        return self.remarks[place] if self.remarks else ()


class Deleted(msgspec.Struct, frozen=True):
    """A record that is gone."""

    object: str
    id: str


class FieldChange(msgspec.Struct, frozen=True):
    """What a version made of one field."""

    field: str
    before: Any
    after: Any


class Version(msgspec.Struct, frozen=True):
    """One version of a record: since when it stood and what it changed; `by` is None where that is not known or not shown."""

    version: int
    at: str
    by: str | None
    changes: tuple[FieldChange, ...]


class History(msgspec.Struct, frozen=True):
    """Versions of one record, the newest first; older ones than `before` follow, if it is set."""

    object: str
    id: str
    versions: tuple[Version, ...]
    before: int | None = None


class BatchRow(msgspec.Struct, frozen=True):
    """What came of one row of a batch; `index` counts from 0. `record` is there when it was asked for and may be read."""

    index: int
    id: str | None
    error: FieldstoneError | None = None
    columns: tuple[str, ...] = ()
    record: tuple[Any, ...] | None = None
    remarks: Remarks = ()


class BatchResult(msgspec.Struct, frozen=True):
    """What came of a batch, row by row."""

    object: str
    operation: str
    rows: tuple[BatchRow, ...]


class AcrossResult(msgspec.Struct, frozen=True):
    """What came of writes of several objects: a row for each operation, and beside it the object and the action as they were sent."""

    objects: tuple[str | None, ...]
    actions: tuple[str | None, ...]
    rows: tuple[BatchRow, ...]


class ImportedRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """What came of one row of an import; `row` counts from 1. `errors` are there where more than one thing is wrong with it.

    `warnings` are what rules say that do not refuse.
    """

    row: int
    ok: bool
    action: Literal["created", "updated", "skipped", "failed"]
    id: str | None = None
    field: str | None = None
    code: str | None = None
    error: str | None = None
    hint: str | None = None
    errors: tuple[FieldFault, ...] = ()
    warnings: Remarks = ()


class Imported(msgspec.Struct, frozen=True):
    """What came of an import, row by row; `found` is what was found out about the rows when they were read."""

    object: str
    write_mode: str
    dry_run: bool
    rows: tuple[ImportedRow, ...]
    found: Mapping[str, Any] = {}


class ImportJob(msgspec.Struct, frozen=True):
    """An import that is done beside the requests, as it was begun."""

    id: str
    object: str
    status: str
    total: int
    at: str


class Kept(msgspec.Struct, frozen=True):
    """The outcome of a write that is done once; `replayed` says that it was done before."""

    outcome: Written | Deleted | BatchResult | AcrossResult | Imported | ImportJob
    replayed: bool


class Onward(msgspec.Struct, frozen=True):
    """What an action leaves to be done once its call is accepted: a flow to start, or a request to a route, with its method and body."""

    target: str
    body: Mapping[str, Any]
    method: str | None = None


class Invoked(msgspec.Struct, frozen=True):
    """What came of an action: the value of its body, or what is to be done onward."""

    value: Any
    onward: Onward | None = None


class Done(msgspec.Struct, frozen=True):
    """What came of writes that were done together, in their order."""

    outcomes: tuple[Written | Deleted, ...]


class RunStep(msgspec.Struct, frozen=True, kw_only=True):
    """A step of a run, as the journal has it; `attempt` counts from 1."""

    key: str
    node_id: str
    node_type: str
    label: str
    status: str
    attempt: int
    input: Any
    output: Any
    error: Mapping[str, Any] | None
    started_at: str
    completed_at: str | None


class RunState(msgspec.Struct, frozen=True, kw_only=True):
    """A run of a flow as it stands; `steps` are there when they were asked for. `waiting` says for what it waits, step by step."""

    id: str
    flow: str
    version: int
    status: str
    trigger: Mapping[str, Any]
    input: Mapping[str, Any]
    output: Mapping[str, Any] | None
    variables: Mapping[str, Any]
    error: Mapping[str, Any] | None
    waiting: tuple[Mapping[str, Any], ...]
    started_by: str | None
    started_at: str
    completed_at: str | None
    replay_of: str | None = None
    steps: tuple[RunStep, ...] = ()


class Worked(msgspec.Struct, frozen=True, eq=False):
    """What came of work in a Unit: whatever it returned."""

    value: Any


Outcome = (
    Page
    | Groups
    | Found
    | Exported
    | Explanation
    | Record
    | History
    | Written
    | Deleted
    | BatchResult
    | AcrossResult
    | Imported
    | ImportJob
    | Kept
    | Invoked
    | Done
    | RunState
    | Worked
)
