"""The gate: may this caller ask for this at all? Object there, method offered, right held, organisation active.

Refuses with NotFound, MethodNotAllowed, PermissionDenied, and Invalid where there is no trash. An object that is not offered answers
as one that does not exist; a missing right on an object that is offered is an open refusal. The system passes without being asked.
"""

from collections.abc import Mapping

from fieldstone.access.caller import Caller
from fieldstone.access.capabilities import missing
from fieldstone.access.policies import TRASH_ACTIONS
from fieldstone.access.policy import Action, Policy
from fieldstone.engine.door import Door
from fieldstone.errors import BatchTooLarge, Invalid, MethodNotAllowed, NotFound, PermissionDenied
from fieldstone.kinds.object import Method
from fieldstone.query.names import did_you_mean, shown
from fieldstone.registry.catalog import Object

ACTIONS: Mapping[Method, Action] = {
    "get": "read",
    "list": "read",
    "create": "create",
    "update": "update",
    "delete": "delete",
    "aggregate": "read",
    "history": "read",
    "export": "read",
    "restore": "restore",
    "purge": "purge",
    "clone": "create",
}


def enter(
    door: Door,
    caller: Caller,
    object_name: str,
    method: Method,
    action: Action | None = None,
    *,
    besides: tuple[Method, ...] = (),
) -> tuple[Object, Policy]:
    """Returns the object and the caller's policy for one method of the data API, one that is about records of one kind of right.

    `action` is there where it is not that of the method: who lists the trash restores. `besides` are the methods that must be offered, too.
    """
    subject = find_object(door, caller, object_name)
    action = action or ACTIONS[method]
    if action in TRASH_ACTIONS and not subject.declaration.enable.trash:
        raise Invalid(
            f"`{subject.name}` has no trash.",
            reason="NO_TRASH",
            hint="Its declaration must say `enable: {trash: true}`.",
        )
    policy = door.policies.policy(caller, object_name, action)
    if caller.system:
        return subject, policy
    for asked in (method, *besides):
        require_method(subject, caller, asked)
    if policy.missing is not None:
        raise missing(policy.missing, caller)
    if not policy.allowed:
        raise PermissionDenied(
            f"You may not {action} `{object_name}` records.", details={"permission": f"{object_name}:{action}"}
        )
    if action != "read" and caller.organization_id is None and subject.housed:
        raise PermissionDenied(
            f"There is no active organisation, and `{object_name}` records live in one.",
            hint="Make one of your organisations the active one.",
        )
    return subject, policy


def find_object(door: Door, caller: Caller, object_name: str) -> Object:
    """Returns an object of the catalog that the caller may ask for. Raises NotFound."""
    subject = door.catalog.objects.get(object_name)
    if subject is not None and (caller.system or subject.api_enabled):
        return subject
    visible = (name for name in door.catalog.objects if may_look(door, caller, name))
    raise NotFound(f"No object `{shown(object_name)}`.", hint=did_you_mean(object_name, visible))


def may_look(door: Door, caller: Caller, object_name: str) -> bool:
    """Tells whether the caller may come to see records of an object at all, on whatever way."""
    offered = caller.system or door.catalog.objects[object_name].api_enabled
    return offered and door.policies.policy(caller, object_name, "read").allowed


def require_method(subject: Object, caller: Caller, method: Method) -> None:
    """Raises MethodNotAllowed for a method that the object does not offer; the system asks for any."""
    if method not in subject.offered and not caller.system:
        raise MethodNotAllowed(
            f"`{subject.name}` does not offer `{method}`.", details={"method": method, "offered": list(subject.offered)}
        )


def refuse_many(door: Door, count: int) -> None:
    """Raises BatchTooLarge for more records in one request than are allowed."""
    most = door.limits.batch_rows
    if count > most:
        raise BatchTooLarge(f"A batch takes at most {most} records.", details={"limit": most})


def absent(object_name: str, record_id: str) -> NotFound:
    """Returns the refusal for a record that is not there, or not for this caller: the two are told in the same words."""
    return NotFound(f"No `{object_name}` record `{shown(record_id)}`.")
