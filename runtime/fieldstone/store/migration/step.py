"""The steps of a plan: the closed table of what can be done to a database, who may do it, and what it locks meanwhile."""

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from fieldstone.errors import Place
from fieldstone.store.columns import DialectName
from fieldstone.store.schema import ColumnSchema, IndexSchema, ReferenceSchema


class Action(StrEnum):
    """What a step does; in the order in which the steps of one object are taken."""

    ADD_OBJECT = "add object"
    RENAME_OBJECT = "rename object"
    RENAME_FIELD = "rename field"
    DROP_INDEX = "drop index"
    ADD_FIELD = "add field"
    CONVERT = "convert field"
    DROP_REFERENCE = "drop reference"
    CLEAR = "clear reference"
    FILL = "fill field"
    RELAX = "allow no value"
    REQUIRE = "require value"
    DROP_FIELD = "drop field"
    ADD_REFERENCE = "add reference"
    ADD_INDEX = "add index"
    NUMBER = "number records"
    SEARCH = "keep words"
    SUMMARIZE = "compute summary"
    BEGIN_HISTORY = "begin history"
    KEEP_FIELD = "leave field"
    KEEP_OBJECT = "leave object"
    DROP_OBJECT = "drop object"


class Effect(msgspec.Struct, frozen=True):
    """What comes with an action: a start takes the steps of some by itself; others make an SQLite table anew, by a copy of all rows.

    `lock` is what PostgreSQL locks meanwhile; SQLite has one lock, for all that write.
    """

    at_start: bool = True
    copies: bool = False
    lock: str | None = None


MOMENT = "ACCESS EXCLUSIVE for a moment"
WRITING = "ACCESS EXCLUSIVE until all records are written"
CHECKING = "ACCESS EXCLUSIVE until all records are checked"
BOTH = "SHARE ROW EXCLUSIVE on both objects until all records are checked"
INDEXING = "SHARE until the index is made: writes wait"

EFFECTS: Mapping[Action, Effect] = {
    Action.ADD_OBJECT: Effect(),
    Action.RENAME_OBJECT: Effect(at_start=False, lock=MOMENT),
    Action.RENAME_FIELD: Effect(lock=MOMENT),
    Action.DROP_INDEX: Effect(lock=MOMENT),
    Action.ADD_FIELD: Effect(lock=MOMENT),
    Action.FILL: Effect(lock=WRITING),
    Action.CONVERT: Effect(at_start=False, copies=True, lock=WRITING),
    Action.DROP_REFERENCE: Effect(at_start=False, copies=True, lock=MOMENT),
    Action.CLEAR: Effect(at_start=False, lock=WRITING),
    Action.RELAX: Effect(at_start=False, copies=True, lock=MOMENT),
    Action.REQUIRE: Effect(at_start=False, copies=True, lock=CHECKING),
    Action.DROP_FIELD: Effect(at_start=False, copies=True, lock=MOMENT),
    Action.ADD_REFERENCE: Effect(at_start=False, copies=True, lock=BOTH),
    Action.ADD_INDEX: Effect(lock=INDEXING),
    Action.NUMBER: Effect(lock=WRITING),
    Action.SEARCH: Effect(lock=MOMENT),
    Action.SUMMARIZE: Effect(),
    Action.BEGIN_HISTORY: Effect(),
    Action.KEEP_FIELD: Effect(),
    Action.KEEP_OBJECT: Effect(),
    Action.DROP_OBJECT: Effect(at_start=False, lock=MOMENT),
}
KEPT = frozenset({Action.KEEP_FIELD, Action.KEEP_OBJECT})
"""What is told of, and does nothing."""


class Lost(msgspec.Struct, frozen=True):
    """How many records lose something, and the ids of the first of them."""

    records: int
    ids: tuple[str, ...]


class Filling(msgspec.Struct, frozen=True):
    """What records without a value get: a value in wire form, else that of another column, else the moment that their id tells."""

    told: str
    value: object = None
    copied: str | None = None


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One step: on which object and field, what is to be said of it, and how many records it writes, where that is known.

    `lost` says what it takes away for good, which is done when somebody allows it by `name`; `refused` why it cannot be done at all. What
    is done is told by the action and by `column`, `before` (the column as it is), `index`, `reference` or `filling`.
    """

    action: Action
    object: str
    name: str
    place: Place
    field: str | None = None
    what: str = ""
    records: int | None = None
    lost: Lost | None = None
    refused: str | None = None
    column: ColumnSchema | None = None
    before: ColumnSchema | None = None
    index: IndexSchema | None = None
    reference: ReferenceSchema | None = None
    filling: Filling | None = None

    @property
    def effect(self) -> Effect:
        """What comes with its action."""
        return EFFECTS[self.action]

    def lock(self, dialect: DialectName) -> str | None:
        """Returns what is locked meanwhile."""
        if dialect == "postgresql":
            return self.effect.lock
        return "the table is copied; all other writes wait" if self.effect.copies else None
