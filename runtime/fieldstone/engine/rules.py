"""Declared rules: what an object's validations, and the conditions of its fields, say of a record that is about to be written.

Looks at the record as it will be stored, with what it was before beside it, and changes nothing. A rule over a field that is at fault
already is not looked at: it would only tell the same again. One that has no answer on a record refuses it.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from fieldstone.access.caller import Caller
from fieldstone.engine.activation import activation_of
from fieldstone.engine.body import root_of
from fieldstone.engine.outcome import Remark
from fieldstone.errors import FieldFault
from fieldstone.query.cel.fault import EvaluationError
from fieldstone.query.formula import completed
from fieldstone.registry.catalog import Object
from fieldstone.registry.validations.rule import (
    NOT_EVALUABLE,
    RECORD,
    Activation,
    FieldCondition,
    LinkedRule,
    Validations,
)

_REFUSES = "error"

F = TypeVar("F", bound=FieldFault)


class Verdict(msgspec.Struct, frozen=True, eq=False):
    """What the conditions of fields refuse, what rules refuse, and what rules remark, each in the order in which it is told."""

    fields: tuple[FieldFault, ...] = ()
    rules: tuple[FieldFault, ...] = ()
    notes: tuple[Remark, ...] = ()

    @property
    def refuses(self) -> bool:
        """Whether the record may not be written."""
        return bool(self.fields or self.rules)

    def faults(self, known: frozenset[str]) -> list[FieldFault]:
        """Returns all that refuses; what a rule says of a field that may not be named is about the record as a whole."""
        return [*self.fields, *(_addressed(fault, known) for fault in self.rules)]

    def remarks(self, known: frozenset[str]) -> tuple[Remark, ...]:
        """Returns all that is remarked, addressed in the same way."""
        return tuple(_addressed(remark, known) for remark in self.notes)


SOUND = Verdict()


def judge(
    subject: Object,
    caller: Caller,
    now: str,
    record: Mapping[str, Any],
    previous: Mapping[str, Any] | None,
    *,
    sent: Collection[str] = (),
    faulty: Collection[str] = (),
) -> Verdict:
    """Returns what the rules say of a record, `previous` being None on insert.

    `sent` are the fields that its writer set himself, `faulty` those at fault already.
    """
    if subject.validations is None:
        return SOUND
    return judge_within(subject, caller, activation_of(caller, now), record, previous, sent=sent, faulty=faulty)


def judge_within(
    subject: Object,
    caller: Caller,
    known: Mapping[str, Any],
    record: Mapping[str, Any],
    previous: Mapping[str, Any] | None,
    *,
    sent: Collection[str] = (),
    faulty: Collection[str] = (),
) -> Verdict:
    """Returns the same for one of many records, where what is known of caller and clock is at hand."""
    validations = subject.validations
    if validations is None:
        return SOUND
    activation = _activation(validations, known, record, previous)
    faulty = _with_formulas(validations, faulty)
    refused: list[FieldFault] = []
    notes: list[Remark] = []
    for rule in validations.insert if previous is None else validations.update:
        found = _found(rule, activation) if rule.reads.isdisjoint(faulty) else ()
        if rule.severity == _REFUSES:
            refused += found
        else:
            notes += (Remark(**msgspec.structs.asdict(fault), severity=rule.severity) for fault in found)
    fields = _of_fields(validations, activation, () if caller.system else sent, faulty)
    return Verdict(tuple(fields), tuple(refused), tuple(notes)) if fields or refused or notes else SOUND


def readonly_fields(subject: Object, caller: Caller, now: str, record: Mapping[str, Any]) -> frozenset[str]:
    """Returns the fields that a body could not set in a new record, as far as that can be told."""
    if subject.validations is None or not subject.validations.readonly:
        return frozenset()
    activation = _activation(subject.validations, activation_of(caller, now), record, None)
    conditions = subject.validations.readonly
    return frozenset(condition.field for condition in conditions if _fault(condition, activation, (), "", ""))


def _activation(
    validations: Validations, known: Mapping[str, Any], record: Mapping[str, Any], previous: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Returns what rules are looked at with; the formulas that they look at are computed from the record as it will be."""
    if validations.formulas:
        record = completed(record, validations.formulas, known)
        previous = None if previous is None else completed(previous, validations.formulas, known)
    return {**known, "record": record, "previous": previous}


def _with_formulas(validations: Validations, faulty: Collection[str]) -> Collection[str]:
    """Returns the fields that are at fault, and the formulas that are computed from any of them."""
    if not (validations.formulas and faulty):
        return faulty
    found = set(faulty)
    for name, formula in validations.formulas:
        if not found.isdisjoint(formula.inputs):
            found.add(name)
    return found


def _found(rule: LinkedRule, activation: Activation) -> Sequence[FieldFault]:
    try:
        return rule.judge(activation)
    except EvaluationError as error:
        return (rule.unevaluable(error),)


def _of_fields(
    validations: Validations, activation: Activation, sent: Collection[str], faulty: Collection[str]
) -> list[FieldFault]:
    """Returns the faults of fields that are empty while they are required, or set while they are read-only."""
    record = activation["record"]
    faults: list[FieldFault] = []
    for condition in validations.required:
        if _is_empty(record.get(condition.field)) and condition.field not in faulty:
            faults += _fault(condition, activation, faulty, "required", f"{condition.label} is required")
    for condition in validations.readonly:
        if condition.field in sent:
            faults += _fault(condition, activation, faulty, "invalid_value", f"{condition.label} is read-only")
    return faults


def _fault(
    condition: FieldCondition, activation: Activation, faulty: Collection[str], code: str, message: str
) -> Sequence[FieldFault]:
    if not condition.reads.isdisjoint(faulty):
        return ()
    try:
        holds = condition.holds(activation)
    except EvaluationError as error:
        message = f"Whether {message} cannot be told on this record: {error.message}"
        return (FieldFault(condition.field, NOT_EVALUABLE, message, condition.label),)
    return (FieldFault(condition.field, code, message, condition.label),) if holds else ()


def _is_empty(value: Any) -> bool:
    return value is None or value in ("", [])


def _addressed(fault: F, known: frozenset[str]) -> F:
    return (
        fault
        if root_of(fault.field) in known
        else msgspec.structs.replace(fault, field=RECORD, label=None, constraint=None)
    )
