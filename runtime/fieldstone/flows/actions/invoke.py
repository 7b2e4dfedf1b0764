"""One call of an action: rights, input, record, whether it is disabled, its body; all that it writes stands or falls together.

It acts as its caller, whose rights hold for every record that it touches; a script that says so acts as the system, once its caller has
been found to see the record. An entry in the audit log is written within the same Unit.
"""

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any

import msgspec

from fieldstone.access.actions import lacking
from fieldstone.access.caller import Caller, system_for
from fieldstone.access.capabilities import missing
from fieldstone.engine.activation import activation_of
from fieldstone.engine.audit import Entry, write_entry
from fieldstone.engine.door import Door, Handlers, Writing
from fieldstone.engine.fire import WithinUnit
from fieldstone.engine.hooks import Context
from fieldstone.engine.operation import Get, Invoke, Read
from fieldstone.engine.outcome import Invoked, Onward
from fieldstone.engine.unit import Unit
from fieldstone.errors import Conflict, Internal, Invalid, NotFound
from fieldstone.flows.actions.call import ActionCall
from fieldstone.flows.actions.input import Input, Named, read_input, told_input
from fieldstone.flows.at_once import run_at_once
from fieldstone.query.cel.fault import EvaluationError
from fieldstone.query.document import QueryDocument
from fieldstone.query.names import shown
from fieldstone.registry.actions import RECORD_INPUT
from fieldstone.registry.catalog import Action
from fieldstone.registry.flows.graph import Graph

CALLED = "action.called"
"""What the audit log calls it."""


class PreparedCall(msgspec.Struct, frozen=True, eq=False):
    """A call that may be made; `sent` is its input as it came."""

    action: Action
    input: Input
    sent: Any


async def prepare_invoke(door: Door, operation: Invoke, caller: Caller, unit: Unit | None) -> PreparedCall:
    """Returns the call with its input read; raises PermissionDenied without a capability, Invalid, NotFound."""
    action = door.catalog.actions.get(operation.action)
    if action is None:
        raise NotFound(f"No action `{shown(operation.action)}`.")
    capability = lacking(door.catalog, caller, action.declaration.required_permissions)
    if capability is not None:
        raise missing(capability, caller)
    if action.declaration.type in ("url", "modal", "form"):
        message = f"`{action.key}` is of type `{action.declaration.type}`: faces open `{action.declaration.target}`."
        raise Invalid(message, hint="There is nothing for the server to do.")
    sent = await read_input(door, action, caller, unit, operation.input, operation.record_id)
    return PreparedCall(action, sent, operation.input)


async def apply_invoke(door: Door, prepared: PreparedCall, caller: Caller, unit: Unit) -> Invoked:
    """Does it within a Unit; raises Conflict where it is disabled, and whatever its body raises."""
    action = prepared.action
    acting = system_for(caller) if action.declaration.run_as == "system" else caller
    record = await _record(door, action, prepared.input.record, caller, acting, unit)
    activation = {
        **activation_of(caller, unit.now),
        "record": record,
        "input": prepared.input.values,
        "inputs": prepared.input.values,
    }
    _refuse_disabled(action, activation)
    invoked = await _done(door, action, prepared.input.values, record, activation, acting, unit)
    entry = called(action, prepared.sent, None if record is None else record["id"])
    context = WithinUnit(door, unit, caller)
    await write_entry(context.execute, caller, caller.organization_id, unit.now, entry)
    return invoked


ACTION_OPERATIONS: Handlers = {Invoke: Writing(prepare_invoke, apply_invoke)}
"""How the operations of actions are done."""


def called(action: Action, sent: Any, record_id: str | None, outcome: str = "done", code: str | None = None) -> Entry:
    """Returns the entry of a call in the audit log; `code` is that of the error with which it ended."""
    details = {"action": action.key, "input": told_input(action, sent)}
    return Entry(
        action=CALLED,
        outcome=outcome,
        object_name=action.object,
        record_id=record_id,
        details=details if code is None else {**details, "code": code},
    )


async def _record(
    door: Door, action: Action, named: Named | None, caller: Caller, acting: Caller, unit: Unit
) -> Mapping[str, Any] | None:
    """Returns the record, as whoever acts reads it; raises NotFound for one that the caller does not see."""
    if named is None or action.object is None:
        return None
    record_id = named.value
    if named.field != "id":
        query = QueryDocument(where={named.field: named.value}, fields=["id"], limit=1, count=False)
        page = await door.execute(Read(action.object, query), caller, unit=unit)
        if not page.rows:
            raise NotFound(f"No `{action.object}` with {named.field} `{shown(named.value)}`.")
        record_id = page.rows[0][0]
    seen = await door.execute(Get(action.object, record_id), caller, unit=unit)
    if acting is not caller:
        seen = await door.execute(Get(action.object, record_id), acting, unit=unit)
    return dict(zip(seen.columns, seen.row, strict=True))


def _refuse_disabled(action: Action, activation: Mapping[str, Any]) -> None:
    try:
        disabled = action.disabled(activation)
    except EvaluationError as error:
        message = f"Whether `{action.key}` is disabled cannot be told on this record: {error.message}."
        raise Conflict(message, details={"action": action.key}) from error
    if disabled:
        raise Conflict(f"`{action.key}` is disabled.", details={"action": action.key})


async def _done(
    door: Door,
    action: Action,
    values: Mapping[str, Any],
    record: Mapping[str, Any] | None,
    activation: Mapping[str, Any],
    acting: Caller,
    unit: Unit,
) -> Invoked:
    """Returns what comes of the body, or what is to be done in its place."""
    declared = action.declaration
    if action.compute is not None:
        try:
            return Invoked(action.compute(activation))
        except EvaluationError as error:
            raise Invalid(f"`{action.key}` cannot be computed: {error.message}.") from error
    if action.steps is not None:
        return Invoked(await _stepped(action.steps, WithinUnit(door, unit, acting), activation, values))
    if action.handler is not None:
        record_id = None if record is None else record["id"]
        call = ActionCall(action.key, values, action.object, record_id, record)
        return Invoked(_sendable(action, await action.handler(WithinUnit(door, unit, acting), call)))
    if declared.type == "flow":
        inputs = door.catalog.flows[str(declared.target)].inputs
        return Invoked(None, Onward(str(declared.target), _inputs_of(values, record, inputs)))
    return Invoked(None, _onward(action, values, record, str(declared.target)))


async def _stepped(steps: Graph, context: Context, activation: Mapping[str, Any], values: Mapping[str, Any]) -> Any:
    """Returns the declared outputs of steps, or what came of the last of them."""
    behind = await run_at_once(steps, context, {**activation, "previous": None}, values, {})
    if steps.outputs:
        return {name: evaluate(behind.names) for name, evaluate in steps.outputs.items()}
    return behind.steps[list(steps.body.nodes)[-1]]["output"]


def _sendable(action: Action, value: Any) -> Any:
    """Returns the value of a handler as plain values; raises Internal for one that cannot be sent, while all can still be undone."""
    try:
        return msgspec.to_builtins(value, builtin_types=(Decimal,), str_keys=True)
    except TypeError as error:
        raise Internal(f"The handler of `{action.key}` answers with what is no JSON: {error}.") from error


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the parameters that have a value."""
    return {name: value for name, value in values.items() if value is not None}


def _inputs_of(values: Mapping[str, Any], record: Mapping[str, Any] | None, inputs: Collection[str]) -> dict[str, Any]:
    """Returns what a flow is started with; it is told of the record where it has an input for that."""
    told = {} if record is None or RECORD_INPUT not in inputs else {RECORD_INPUT: record["id"]}
    return _given(values) | told


def _onward(action: Action, values: Mapping[str, Any], record: Mapping[str, Any] | None, target: str) -> Onward:
    """Returns the request to make."""
    declared = action.declaration
    given = _given(values)
    shape = declared.body_shape
    body = {**declared.body_extra, **(given if shape == "flat" else {shape.wrap: given})}
    if record is not None:
        if declared.record_id_param is not None:
            body[declared.record_id_param] = record[declared.record_id_field or "id"]
        target = target.replace("{recordId}", record["id"])
    return Onward(target, body, declared.method or "POST")
