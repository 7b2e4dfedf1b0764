"""State machines: which value of a field may follow which, and in which of them a record may begin."""

from collections.abc import Sequence

from fieldstone.errors import Fault, FieldFault, Place
from fieldstone.kinds.fields.choice import SelectOptions
from fieldstone.kinds.validation import StateMachineRule
from fieldstone.query.names import did_you_mean
from fieldstone.query.storage import StorageClass
from fieldstone.registry.catalog import Field
from fieldstone.registry.codes import Code
from fieldstone.registry.validations.rule import Activation, Judge, constraint_of
from fieldstone.registry.validations.site import Linked, Path, Site, Within

INITIAL = "invalid_initial_state"
TRANSITION = "invalid_transition"


def link_state_machine(rule: StateMachineRule, site: Site, within: Within) -> Linked | None:
    """Returns a rule over the step from the stored value of a field to the new one."""
    path = within.path
    field = site.field(rule.field, (*path, "field"))
    if field is None:
        return None
    if field.shape.storage.kind != StorageClass.TEXT:
        site.refuse(
            (*path, "field"), f"`{field.name}` holds no text, and a state is one.", "Name a `select`, or a text."
        )
        return None
    _check_states(rule, site, path, field)
    return Linked(_judge(rule, field, within), frozenset({field.name}), field.name)


def _check_states(rule: StateMachineRule, site: Site, path: Path, field: Field) -> None:
    """Notes a fault for every state that the field cannot hold."""
    options = field.declaration
    if not isinstance(options, SelectOptions):
        return
    known = [option.value for option in options.options]
    for state, following in rule.transitions.items():
        if state not in known:
            place = site.document.key_at(*path, "transitions", state)
            site.faults.append(_unknown(place, field, state, known))
        _check_each(site, (*path, "transitions", state), following, field, known)
    _check_each(site, (*path, "initialStates"), rule.initial_states or (), field, known)


def _check_each(site: Site, path: Path, states: Sequence[str], field: Field, known: Sequence[str]) -> None:
    for at, state in enumerate(states):
        if state not in known:
            site.faults.append(_unknown(site.document.value_at(*path, at), field, state, known))


def _unknown(place: Place, field: Field, state: str, known: Sequence[str]) -> Fault:
    hint = did_you_mean(state, known) or f"It takes {', '.join(f'`{name}`' for name in known)}."
    return Fault(place, Code.VALIDATION_RULE, f"`{state}` is no option of `{field.name}`.", hint)


def _judge(rule: StateMachineRule, field: Field, within: Within) -> Judge:
    name, label, message = field.name, field.label, within.message
    transitions, initial = rule.transitions, rule.initial_states

    def judge(activation: Activation) -> Sequence[FieldFault]:
        previous, state = activation["previous"], activation["record"].get(name)
        before = None if previous is None else previous.get(name)
        if before == state:
            return ()
        if before is None:
            if initial is None or state in initial:
                return ()
            limits = constraint_of(within.name, allowed=list(initial))
            return (FieldFault(name, INITIAL, message, label, limits),)
        allowed = transitions.get(before, ())
        if state in allowed:
            return ()
        limits = constraint_of(within.name, before=before, allowed=list(allowed))
        return (FieldFault(name, TRANSITION, message, label, limits),)

    return judge
