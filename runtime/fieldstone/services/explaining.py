"""Explaining access: why somebody may do something with records, or not, layer by layer (contract 4.8).

Each layer's filter, and at last the policy's own, is asked of the records in one statement, with the values of the one who is
explained. The records are those that the asker sees himself. Of a body it is told whether the row that it comes to may stand. Refuses
with NotFound whatever the asker may not know of.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any, Literal

import msgspec

from fieldstone.access.caller import Caller
from fieldstone.access.layers import Contributor, Layer, LayerName, Verdict, check_layer, layers_of
from fieldstone.access.policies import Policies
from fieldstone.access.policy import Action, Policy
from fieldstone.engine.door import Door
from fieldstone.engine.operation import Create, Read, Update
from fieldstone.engine.plans import ID_AMONG
from fieldstone.errors import FieldFault, Invalid, NotFound
from fieldstone.query.ast import EVERYTHING, Filter, Select, conjunction
from fieldstone.query.document import QueryDocument
from fieldstone.query.names import did_you_mean, shown
from fieldstone.registry.catalog import Catalog
from fieldstone.services.smallest_grant import SmallestGrant, smallest_grant
from fieldstone.services.written_row import WrittenRow, ask_of_written, kept_fields, require_known
from fieldstone.store.binds import Binds

MOST_RECORDS = 1000
"""So many records of a query are looked at, the newest first."""

ACTIONS: Mapping[str, Action] = {
    "read": "read",
    "get": "read",
    "list": "read",
    "query": "read",
    "history": "read",
    "create": "create",
    "update": "update",
    "share": "update",
    "transfer": "update",
    "delete": "delete",
    "restore": "restore",
    "purge": "purge",
}
"""What each operation asks of a policy."""

CallerOf = Callable[[str, str | None], Awaitable[Caller | None]]
"""Returns a user as he would ask in an organisation; None when there is no such member."""


class Question(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """What is to be explained: of a record, of the records of a condition, or of the object as a whole; oneself unless a user is named.

    `body` is what a create, or an update of the record, would write; nothing is written.
    """

    object: str
    operation: str
    user_id: str | None = None
    record_id: str | None = None
    where: dict[str, Any] | None = None
    body: dict[str, Any] | None = None


class ContributorAnswer(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """A declaration that speaks in a layer; `holds` is how many of the examined records it opens."""

    what: str
    permission_set: str | None
    place: str
    holds: int | None = None


class LayerAnswer(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """One layer's verdict; `holds` is how many of the examined records it lets through, or adds."""

    layer: Literal["principal"] | LayerName
    verdict: Verdict
    contributors: list[ContributorAnswer]
    holds: int | None = None


class Explanation(msgspec.Struct, frozen=True, rename="camel"):
    """Why somebody may do something, or not.

    `allowed` is what the door would say: of the object as a whole, and with records, whether every examined one is reached; with a body,
    whether its row may stand, too. `examined` are the records that were looked at, `reached` those of them that the operation reaches: what
    is not seen is not changed either.
    """

    object: str
    operation: str
    user_id: str | None
    record_id: str | None
    permission_sets: list[str]
    allowed: bool
    examined: int
    reached: int
    layers: list[LayerAnswer]
    smallest_grant: SmallestGrant | None


class Explaining:
    """Explains what a door decides; `caller_of` finds the one who is explained."""

    def __init__(self, door: Door, catalog: Catalog, caller_of: CallerOf) -> None:
        self._door = door
        self._catalog = catalog
        self._caller_of = caller_of

    async def explain(self, asker: Caller, question: Question) -> Explanation:
        """Returns why; raises NotFound for an object, a user or a record that the asker may not know of, Invalid for an operation."""
        action = _action(question)
        await self._require_object(asker, question.object)
        caller = asker if question.user_id is None else await self._caller_of(question.user_id, asker.organization_id)
        if caller is None or caller.organization_id != asker.organization_id:
            raise NotFound(f"No user `{shown(str(question.user_id))}`.")
        if question.body is not None:
            _require_one(question)
            await require_known(self._door, asker, question.object, question.body)
        ids = await self._examined(asker, question, action)
        policies, sets = self._door.policies, caller.sets
        policy = policies.policy(caller, question.object, action)
        found = await self._asked(policies, caller, policy, ids)
        reached = found.reached if policy.allowed else 0
        allowed = policy.allowed and (action == "create" or reached == len(ids))
        grant = None if allowed else await smallest_grant(self, caller, policy, ids)
        layers = found.answers if ids or policy.allowed else found.gates
        if question.body is not None and allowed:
            written = await self._written(caller, policy, question, layers)
            allowed, layers, grant = written.stands, written.layers, written.grant
        return Explanation(
            object=question.object,
            operation=question.operation,
            user_id=caller.id,
            record_id=question.record_id,
            permission_sets=sorted(sets),
            allowed=allowed,
            examined=len(ids),
            reached=reached,
            layers=[self._principal(caller), *layers],
            smallest_grant=grant,
        )

    @property
    def catalog(self) -> Catalog:
        """What is declared."""
        return self._catalog

    async def reached(self, policies: Policies, caller: Caller, policy: Policy, ids: Sequence[str]) -> int:
        """Returns how many of some records a policy reaches, asked with the caller's own values."""
        (flags,) = await self._flags(policy.object, ids, caller, (_rows(policies, caller, policy),)) or ((0,),)
        return int(flags[0])

    async def _asked(self, policies: Policies, caller: Caller, policy: Policy, ids: Sequence[str]) -> "_Asked":
        """Returns what each layer says of some records, and how many of them the whole policy reaches."""
        layers = list(layers_of(self._catalog, policies, caller.sets, policy))
        filters = [_rows(policies, caller, policy), *_filters(layers)]
        (counts,) = await self._flags(policy.object, ids, caller, tuple(filters)) or (tuple(0 for _ in filters),)
        numbers = iter(counts[1:])
        return _Asked(counts[0], [_answer(self._catalog, layer, numbers, len(ids)) for layer in layers])

    async def _flags(
        self,
        object_name: str,
        ids: Sequence[str],
        caller: Caller,
        filters: tuple[Filter, ...],
        written: WrittenRow | None = None,
    ) -> list[tuple[int, ...]]:
        """Returns how many of some records satisfy each of some filters, in one statement; nothing for no records."""
        if not ids:
            return []
        statement = self._door.store.prepare(Select(object_name, ("id",), ID_AMONG, flags=filters))
        fetch, now = (self._door.store.fetch, self._door.clock()) if written is None else (written.fetch, written.now)
        rows = await fetch(statement, Binds((list(ids),), caller.values, now))
        return [tuple(sum(bool(row[1 + number]) for row in rows) for number in range(len(filters)))]

    async def _written(
        self, caller: Caller, policy: Policy, question: Question, layers: list[LayerAnswer]
    ) -> "_Written":
        """Returns whether what a body comes to may stand, with the layers: a field that is kept, or else the `check` of its row."""
        body, name = question.body or {}, question.object
        kept = kept_fields(self._door, caller, policy, body)
        if kept:
            declared = self._catalog.items["object"][name]
            spoken = {each.what: each for layer in layers if layer.layer == "fls" for each in layer.contributors}
            told = [
                spoken.get(
                    key := f"{name}.{field}",
                    ContributorAnswer(key, None, self._catalog.told(declared.at("fields", field))),
                )
                for field in kept
            ]
            denied = LayerAnswer("fls", "denies", told)
            return _Written([denied if each.layer == "fls" else each for each in layers], stands=False)
        layer = check_layer(self._catalog, self._door.policies, caller.sets, policy)

        async def ask(row: WrittenRow) -> "_Written":
            (counts,) = await self._flags(name, (row.id,), caller, tuple(_filters([layer])), row)
            answer = _answer(self._catalog, layer, iter(counts), 1)
            stands = not row.changed or bool(counts[0])
            grant = None if stands else await smallest_grant(_AfterWrite(self, row), caller, policy, (row.id,))
            return _Written([*layers, answer], stands=stands, grant=grant)

        record_id = question.record_id
        return await ask_of_written(
            self._door, caller, Create(name, (body,)) if record_id is None else Update(name, record_id, body), ask
        )

    async def accepted(self, caller: Caller, policy: Policy, row: WrittenRow) -> int:
        """Returns whether a policy lets a row stand that was written, as the number of such rows."""
        (flags,) = await self._flags(policy.object, (row.id,), caller, (policy.check,), row)
        return flags[0]

    async def _require_object(self, asker: Caller, name: str) -> None:
        known = [item for item, each in self._catalog.objects.items() if each.api_enabled]
        visible = [item for item in known if self._door.policies.policy(asker, item, "read").allowed]
        if name not in visible:
            raise NotFound(f"No object `{shown(name)}`.", hint=did_you_mean(name, visible))

    async def _examined(self, asker: Caller, question: Question, action: Action) -> list[str]:
        """Returns the ids of the records that are asked about, as far as the asker sees them."""
        if action == "create" or (question.record_id is None and question.where is None):
            return []
        where = question.where if question.record_id is None else {"id": question.record_id}
        document = QueryDocument(where=where or {}, fields=["id"], order_by="-id", limit=MOST_RECORDS, count=False)
        page = await self._door.execute(Read(question.object, document, trash=action in ("restore", "purge")), asker)
        found = [str(record["id"]) for record in page.records()]
        if question.record_id is not None and not found:
            raise NotFound(f"No `{question.object}` record `{shown(question.record_id)}`.")
        return found

    def _principal(self, caller: Caller) -> LayerAnswer:
        told = [
            ContributorAnswer("held", name, self._catalog.told(self._catalog.permissions[name].place))
            for name in sorted(caller.sets)
            if name in self._catalog.permissions
        ]
        return LayerAnswer("principal", "grants" if caller.id is not None else "neutral", told)


class _Written(msgspec.Struct, frozen=True):
    """Whether what a body comes to may stand, with all layers, and what would have to be given where it may not."""

    layers: list[LayerAnswer]
    stands: bool
    grant: SmallestGrant | None = None


class _AfterWrite(msgspec.Struct, frozen=True):
    """Asks of a row that was written whether it may stand, for the smallest grant."""

    explaining: Explaining
    row: WrittenRow

    @property
    def catalog(self) -> Catalog:
        """What is declared."""
        return self.explaining.catalog

    async def reached(self, _policies: Policies, caller: Caller, policy: Policy, _ids: Sequence[str]) -> int:
        """Returns how many rows may stand: the one, or none."""
        return await self.explaining.accepted(caller, policy, self.row)


class _Asked(msgspec.Struct, frozen=True):
    """What the layers say; `gates` are those that speak of the object as a whole."""

    reached: int
    answers: list[LayerAnswer]

    @property
    def gates(self) -> list[LayerAnswer]:
        return [answer for answer in self.answers if answer.layer in ("required_permissions", "object_crud")]


def _rows(policies: Policies, caller: Caller, policy: Policy) -> Filter:
    """Returns the rows that are reached: whoever does not see a record cannot change it either."""
    if policy.action in ("update", "delete"):
        return conjunction(policies.policy(caller, policy.object, "read").rows, policy.rows)
    return policy.rows


def _require_one(question: Question) -> None:
    """Raises Invalid for a body that is not of one row to be written."""
    if question.operation == "create" and question.record_id is None and question.where is None:
        return
    if question.operation == "update" and question.record_id is not None and question.where is None:
        return
    message = "A body is explained of a `create`, or of an `update` of the record `recordId`, without `where`."
    raise Invalid(message, faults=[FieldFault("body", "invalid_value", message)])


def _action(question: Question) -> Action:
    action = ACTIONS.get(question.operation)
    if action is None:
        hint = did_you_mean(question.operation, ACTIONS)
        message = f"`{shown(question.operation)}` is no operation."
        raise Invalid(message, faults=[FieldFault("operation", "invalid_value", message)], hint=hint)
    return action


def _filters(layers: Sequence[Layer]) -> Iterator[Filter]:
    """Yields the filters of layers and of what contributes to them, in their order."""
    for layer in layers:
        yield EVERYTHING if layer.rows is None else layer.rows
        yield from (each.rows for each in layer.contributors if each.rows is not None)


def _answer(catalog: Catalog, layer: Layer, numbers: Iterator[int], examined: int) -> LayerAnswer:
    holds = next(numbers)
    told = [_contributor(catalog, each, numbers, examined) for each in layer.contributors]
    if layer.rows is None or not examined:
        return LayerAnswer(layer.name, layer.verdict, told)
    verdict: Verdict = layer.verdict
    if verdict == "narrows":
        verdict = "grants" if holds == examined else "narrows" if holds else "denies"
    elif verdict == "widens":
        verdict = "widens" if holds else "neutral"
    return LayerAnswer(layer.name, verdict, told, holds)


def _contributor(catalog: Catalog, each: Contributor, numbers: Iterator[int], examined: int) -> ContributorAnswer:
    holds = next(numbers) if each.rows is not None else None
    return ContributorAnswer(each.what, each.permission_set, catalog.told(each.place), holds if examined else None)
