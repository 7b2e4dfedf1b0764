"""Summaries: which records each is computed over, what its values are like, and in which order all of them are computed.

Refuses what leads to no records, what cannot be computed or is not kept, a condition that depends on who asks or when, and summaries that
go round in a circle.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

import msgspec

from fieldstone.errors import Fault, Invalid
from fieldstone.kinds.fields.currency import CurrencyOptions
from fieldstone.kinds.fields.field_type import FieldOptions
from fieldstone.kinds.fields.formula import FormulaOptions
from fieldstone.kinds.fields.number import SCALE, NumberOptions
from fieldstone.kinds.fields.summary import LinkedSummaryOptions, SummaryOptions
from fieldstone.kinds.fields.temporal import DateOptions, DatetimeOptions
from fieldstone.query.ast import EVERYTHING, Filter, Literal, Term, conjunction
from fieldstone.query.names import did_you_mean
from fieldstone.query.storage import ObjectShape, Storage, StorageClass
from fieldstone.registry.catalog import Field, Object, Rollup, RollupGroup
from fieldstone.registry.codes import Code
from fieldstone.registry.documents import Document
from fieldstone.registry.formulas import link_formulas
from fieldstone.registry.kept_conditions import (
    fields_of,
    formulas_in,
    is_plain,
    kept_condition,
    stored_inputs,
    unkept_reason,
)
from fieldstone.registry.known import Known, unknown_field
from fieldstone.registry.memory import Memory
from fieldstone.registry.objects import relink_field
from fieldstone.registry.system_fields import DELETED_AT

Name = tuple[str, str]
"""An object and a field of it."""

_KEY = "summaryOperations"
_ID = "id"
"""What a count of records without a condition tells of: that they are there."""
_FAMILIES: Mapping[str, frozenset[str]] = {
    "sum": frozenset({"number"}),
    "avg": frozenset({"number"}),
    "min": frozenset({"number", "day", "instant"}),
    "max": frozenset({"number", "day", "instant"}),
}
_HOLDS = {"sum": "numbers", "avg": "numbers", "min": "numbers, days or instants", "max": "numbers, days or instants"}


class _Linked(msgspec.Struct, frozen=True, eq=False):
    """A summary that nothing is wrong with; `inputs` are the fields of the child that it is computed from, `level` those below it."""

    group: Name
    reference: str
    rollup: Rollup
    inputs: frozenset[str]
    level: int


class Summaries:
    """The summaries of all objects, linked one by one: what one is computed over may be another."""

    def __init__(self, documents: Mapping[str, Document], objects: Known[Object]) -> None:
        """Takes objects whose summaries pass for plain numbers so far."""
        self.faults: list[Fault] = []
        self._documents = documents
        self._broken = objects.broken
        self._objects = dict(objects.by_name)
        self._linked: dict[Name, _Linked | None] = {}
        self._path: list[Name] = []

    def link(self) -> tuple[dict[str, Object], tuple[RollupGroup, ...]]:
        """Returns all objects with their summaries linked, and what the store computes, in its order."""
        for name, linked in list(self._objects.items()):
            for field in linked.fields.values():
                if isinstance(field.declaration, SummaryOptions):
                    self._link((name, field.name))
        return self._objects, self._groups()

    def _groups(self) -> tuple[RollupGroup, ...]:
        found: dict[tuple[int, int, str, str, str], list[_Linked]] = {}
        ranks = _ranks({(parent, item.group[0]) for (parent, _), item in self._linked.items() if item is not None})
        for (parent, _), linked in self._linked.items():
            if linked is not None:
                key = (ranks.get(parent, 0), linked.level, parent, *linked.group)
                found.setdefault(key, []).append(linked)
        return tuple(
            RollupGroup(
                parent=parent,
                child=child,
                reference=reference,
                rollups=tuple(item.rollup for item in members),
                watched=frozenset({reference}).union(*(item.inputs for item in members), self._trash_of(child)),
            )
            for (_, _, parent, child, reference), members in sorted(found.items(), key=lambda entry: entry[0])
        )

    def _trash_of(self, object_name: str) -> frozenset[str]:
        return frozenset({DELETED_AT} & self._objects[object_name].fields.keys())

    def _link(self, name: Name) -> _Linked | None:
        """Returns a summary, linked with those that it is computed from; None where something is wrong with it."""
        if name in self._linked:
            return self._linked[name]
        if name in self._path:
            circle = self._path[self._path.index(name) :]
            self._linked |= dict.fromkeys(circle)
            told = " -> ".join(f"`{'.'.join(step)}`" for step in (*circle, name))
            message = f"These summaries are computed from each other in a circle: {told}."
            self._refuse(name, (), message, "Compute one of them from something else.")
            return None
        self._path.append(name)
        try:
            linked = self._link_new(name)
        finally:
            self._path.pop()
        return self._linked.setdefault(name, linked)

    def _link_new(self, name: Name) -> _Linked | None:
        before = len(self.faults)
        parent, field = self._objects[name[0]], self._objects[name[0]].fields[name[1]]
        options = field.declaration
        if not isinstance(options, SummaryOptions):
            return None
        operations = options.summary_operations
        child = self._objects.get(operations.object)
        if child is None:
            known = Known(self._objects, self._broken)
            place = self._documents[parent.name].value_at("fields", field.name, _KEY, "object")
            self.faults += known.missing(place, operations.object)
            return None
        reference = self._reference(name, parent, child, operations.relationship_field)
        computed = self._with_formulas(child)
        where = self._where(name, computed, operations.filter)
        inputs = fields_of(where) | ({operations.field} if operations.field else frozenset())
        stored = stored_inputs(computed, inputs)
        below = [self._link((child.name, used)) for used in sorted(stored) if _is_summary(child, used)]
        child = self._with_formulas(self._objects[operations.object])
        column = None if operations.field is None else self._column(name, child, operations.field, operations.function)
        self._refuse_idle(name, options, {f"{child.name}.{told}" for told in inputs or {_ID}})
        unknown = operations.field is not None and column is None
        if len(self.faults) > before or None in below or reference is None or unknown or name in self._linked:
            return None
        like, scale = _values_like(options, operations.function, column)
        default = 0 if operations.function in ("count", "sum") else msgspec.UNSET
        plain = {key: getattr(options, key) for key in SummaryOptions.__struct_fields__}
        plain |= {"default_value": default, "track_history": options.track_history is True}
        named = tuple(sorted(inputs | {reference}))
        self._replace(parent.name, field, LinkedSummaryOptions(**plain, like=like, inputs=named))
        kept = Term(DELETED_AT, "null", Literal(value=True)) if DELETED_AT in child.fields else EVERYTHING
        rollup = Rollup(
            field.name,
            operations.function,
            operations.field,
            conjunction(kept, where),
            scale,
            formulas_in(child, inputs),
        )
        level = 1 + max((item.level for item in below if item is not None), default=0)
        return _Linked((child.name, reference), reference, rollup, stored, level)

    def _with_formulas(self, subject: Object) -> Object:
        """Returns an object with its formulas as far as they are known; one with wrong formulas, of which others tell, as it is."""
        if not any(isinstance(field.declaration, FormulaOptions) for field in subject.fields.values()):
            return subject
        linked, _ = link_formulas(self._documents, Known({subject.name: subject}), Memory())
        return linked.get(subject.name) or subject

    def _replace(self, object_name: str, field: Field, options: LinkedSummaryOptions) -> None:
        linked = self._objects[object_name]
        fields = {**linked.fields, field.name: relink_field(field, options)}
        shape = ObjectShape(linked.name, {key: item.shape for key, item in fields.items()})
        self._objects[object_name] = msgspec.structs.replace(linked, fields=fields, shape=shape)

    def _reference(self, name: Name, parent: Object, child: Object, named: str | None) -> str | None:
        """Returns the reference by which children belong to a parent: the one that is named, or the only one."""
        leading = [
            field.name
            for field in child.fields.values()
            if field.reference == parent.name and field.delete_behavior is not None and not field.multiple
        ]
        known = ", ".join(f"`{field}`" for field in leading)
        if named is not None:
            if named in leading:
                return named
            if named not in child.fields:
                place = self._documents[name[0]].value_at("fields", name[1], _KEY, "relationshipField")
                self.faults.append(unknown_field(place, named, child.name, leading or child.fields))
                return None
            message = f"`{child.name}.{named}` does not hold the id of one `{parent.name}` record."
            self._refuse(name, ("relationshipField",), message, f"There is {known}." if leading else None)
            return None
        if len(leading) == 1:
            return leading[0]
        if leading:
            message = f"`{child.name}` refers to `{parent.name}` by {known}."
            self._refuse(name, ("object",), message, f"Say which by `relationshipField`, such as `{leading[0]}`.")
        else:
            message = f"`{child.name}` has no field that holds the id of one `{parent.name}` record."
            self._refuse(name, ("object",), message, f"Add a `lookup` or a `master_detail` of `{parent.name}` to it.")
        return None

    def _where(self, name: Name, child: Object, declared: object) -> Filter:
        """Returns the filter of a condition, with its values in it; EVERYTHING where something is wrong with it."""
        if declared is msgspec.UNSET:
            return EVERYTHING
        try:
            return kept_condition(declared, child, "filter")
        except Invalid as error:
            path = tuple(
                int(step) if step.isdigit() else step for step in str(error.details.get("path", "")).split(".")
            )
            self._refuse(name, path, error.message, error.details.get("hint"))
            return EVERYTHING

    def _column(self, name: Name, child: Object, field_name: str, function: str) -> Field | None:
        """Returns the field that is computed over; None, perhaps without a word, where nothing can be."""
        field = child.fields.get(field_name)
        if field is None:
            place = self._documents[name[0]].value_at("fields", name[1], _KEY, "field")
            self.faults.append(unknown_field(place, field_name, child.name, child.fields))
            return None
        if isinstance(field.declaration, FormulaOptions) and field.shape.formula is None:
            return None
        if not is_plain(child, field):
            message = f"`{child.name}.{field_name}` holds nothing that can be computed over."
            hint = unkept_reason(child, field) or "Name a field that is stored and can be read."
            self._refuse(name, ("field",), message, hint)
            return None
        families = _FAMILIES.get(function)
        if families is not None and field.shape.comparison not in families:
            message = f"`{function}` is computed over {_HOLDS[function]}, and `{child.name}.{field_name}` holds none."
            self._refuse(name, ("field",), message, None)
        elif function in ("sum", "avg") and field.shape.storage.kind == StorageClass.DOUBLE:
            message = f"`{child.name}.{field_name}` is approximate: what its `{function}` is depends on the order of the records."
            self._refuse(name, ("field",), message, "Leave `approximate` out there, or take `min` or `max`.")
        return field

    def _refuse_idle(self, name: Name, options: SummaryOptions, told: set[str]) -> None:
        """Refuses to disclose what the summary does not tell of."""
        for place, disclosed in enumerate(options.discloses):
            if disclosed not in told:
                message = f"`{name[1]}` tells nothing of `{disclosed}`, so it cannot disclose it."
                hint = (
                    did_you_mean(disclosed, sorted(told))
                    or f"It tells of {', '.join(f'`{item}`' for item in sorted(told))}."
                )
                document = self._documents[name[0]]
                path = ("fields", name[1], "discloses", place)
                self.faults.append(document.fault(path, Code.FIELD_OPTION, message, hint))

    def _refuse(self, name: Name, path: tuple[str | int, ...], message: str, hint: str | None) -> None:
        document = self._documents[name[0]]
        self.faults.append(document.fault(("fields", name[1], _KEY, *path), Code.SUMMARY, message, hint))


def _ranks(fed: AbstractSet[tuple[str, str]]) -> dict[str, int]:
    """Returns for each object how many objects stand below it, given the pairs of a parent and its child; nothing if they go in a circle.

    All summaries of an object are computed together, after all of those below: records are then locked in one order by everybody.
    """
    ranks: dict[str, int] = {}
    left = {(parent, child) for parent, child in fed if parent != child}
    while left:
        waiting = {parent for parent, _ in left}
        ready = {(parent, child) for parent, child in left if child not in waiting}
        if not ready:
            return {}
        for parent, child in ready:
            ranks[parent] = max(ranks.get(parent, 0), ranks.get(child, 0) + 1)
        left -= ready
    return ranks


def _is_summary(subject: Object, name: str) -> bool:
    return name in subject.fields and isinstance(subject.fields[name].declaration, SummaryOptions)


def _values_like(options: SummaryOptions, function: str, column: Field | None) -> tuple[FieldOptions, int]:
    """Returns the options of a field with such values, and the scale of an average."""
    if function == "count" or column is None:
        return NumberOptions(label=options.label, scale=0), 0
    storage = column.shape.storage
    if function == "avg":
        scale = max(SCALE, storage.scale) if options.scale is msgspec.UNSET else options.scale
        return NumberOptions(label=options.label, scale=scale), scale
    if column.shape.comparison == "day":
        return DateOptions(label=options.label), 0
    if column.shape.comparison == "instant":
        return DatetimeOptions(label=options.label), 0
    return _number_like(options, storage), 0


def _number_like(options: SummaryOptions, storage: Storage) -> FieldOptions:
    if storage.kind == StorageClass.DOUBLE:
        return NumberOptions(label=options.label, approximate=True)
    if storage.fixed:
        return CurrencyOptions(label=options.label, scale=storage.scale)
    return NumberOptions(label=options.label, scale=storage.scale)
