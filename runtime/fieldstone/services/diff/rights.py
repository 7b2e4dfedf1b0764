"""Rights: what each permission set by itself gives on each object and field, as compiled on either side."""

from collections.abc import Iterator, Mapping

from fieldstone.access.caller import Caller
from fieldstone.access.grants import grant_of, lifts
from fieldstone.access.policies import NOT_IN_TRASH, Policies
from fieldstone.access.policy import Action, Policy
from fieldstone.access.rows import rules_for
from fieldstone.kinds.permission import PermissionDeclaration
from fieldstone.query.ast import EVERYTHING, NOTHING, And, Filter, Not, Or
from fieldstone.registry.catalog import Catalog, Object, PermissionSet
from fieldstone.services.diff.finding import Finding, Severity, both, pairs

VERBS: Mapping[Action, str] = {
    "read": "read",
    "create": "create",
    "update": "change",
    "delete": "delete",
    "restore": "restore",
    "purge": "purge",
}


def right_findings(old: Catalog, new: Catalog) -> Iterator[Finding]:
    """Yields what differs between the rights that sets give on objects that both sides have."""
    one, other = Policies(old), Policies(new)
    for name, before, after in pairs(old.permissions, new.permissions):
        subject = f"permission {name}"
        if after is None:
            yield Finding("closed", subject, f"`{name}`: the permission set is gone, with all that it gives.")
        elif before is None:
            yield Finding("added", subject, f"`{name}`: the permission set is new.")
        else:
            yield from _set_findings(subject, before.declaration, after.declaration)
            caller = Caller(sets=frozenset({name}), values={})
            for object_name, was, now in both(old.objects, new.objects):
                for action in VERBS:
                    policies = (one.policy(caller, object_name, action), other.policy(caller, object_name, action))
                    yield from _action_findings(subject, name, *policies, (before, was), (after, now))


def _set_findings(subject: str, old: PermissionDeclaration, new: PermissionDeclaration) -> Iterator[Finding]:
    if old.is_default != new.is_default:
        told = "every member holds it now" if new.is_default else "members no longer hold it without a grant"
        yield Finding("opened" if new.is_default else "closed", subject, f"`{new.name}`: {told}.")
    if old.active != new.active:
        told = "gives what it says now" if new.active else "gives nothing any more"
        yield Finding("opened" if new.active else "closed", subject, f"`{new.name}`: {told}.")
    before, after = set(old.system_permissions), set(new.system_permissions)
    for capability in sorted(before ^ after):
        told = "now gives" if capability in after else "no longer gives"
        severity: Severity = "opened" if capability in after else "closed"
        yield Finding(severity, subject, f"`{new.name}` {told} `{capability}`.")


Side = tuple[PermissionSet, Object]


def _action_findings(subject: str, name: str, old: Policy, new: Policy, before: Side, after: Side) -> Iterator[Finding]:
    verb = VERBS[new.action]
    if old.allowed != new.allowed:
        yield _may(subject, name, verb, f"`{new.object}`", given=new.allowed)
        return
    if not new.allowed:
        return
    if new.action == "read":
        yield from _fields(subject, name, verb, (before, after), old.readable, new.readable)
        for field in sorted(old.shape.masks.keys() ^ new.shape.masks.keys()):
            if field in old.readable & new.readable:
                masked = field in new.shape.masks
                told = "sees only a part of" if masked else "now sees the whole of"
                yield Finding("closed" if masked else "opened", subject, f"`{name}` {told} `{new.object}.{field}`.")
        if old.query_budget != new.query_budget:
            yield _budget(subject, name, old, new)
    elif new.action in ("create", "update"):
        asked = "give" if new.action == "create" else "change"
        yield from _fields(subject, name, asked, (before, after), old.writable, new.writable)
    reached = f"`{name}` may {verb} other records of `{new.object}`"
    left = f"`{name}` may {verb} `{new.object}` so that other records come of it"
    for told, rows in ((reached, (old.rows, new.rows)), (left, (old.check, new.check))):
        was, now = (_own_items(item, of) for item, (_, of) in zip(rows, (before, after), strict=True))
        if was != now:
            words = f"{_words(*before, new.action)} before, {_words(*after, new.action)} now"
            yield Finding(_direction(was, now), subject, f"{told}: {words}.")
            return


def _may(subject: str, name: str, verb: str, what: str, *, given: bool) -> Finding:
    return Finding(
        "opened" if given else "closed", subject, f"`{name}` may {'now' if given else 'no longer'} {verb} {what}."
    )


def _fields(
    subject: str, name: str, verb: str, sides: tuple[Side, Side], before: frozenset[str], after: frozenset[str]
) -> Iterator[Finding]:
    """Yields what differs of fields that were there and are there."""
    (_, old), (_, new) = sides
    for field in sorted((before ^ after) & old.fields.keys() & new.fields.keys()):
        yield _may(subject, name, verb, f"`{new.name}.{field}`", given=field in after)


def _budget(subject: str, name: str, old: Policy, new: Policy) -> Finding:
    was, now = old.query_budget, new.query_budget
    tighter = now is not None and (was is None or now < was)
    bounds = [f"{bound:,}" if bound is not None else "any number of" for bound in (was, now)]
    told = f"`{name}`: a query of `{new.object}` might read {bounds[0]} rows, and now {bounds[1]}."
    return Finding("closed" if tighter else "opened", subject, told)


def _own_items(rows: Filter, subject: Object) -> frozenset[Filter]:
    """Returns what must hold of a record besides what every set asks: that it is within the wall, and in the trash or not."""
    common = {*_items(subject.wall), NOT_IN_TRASH, Not(NOT_IN_TRASH), EVERYTHING}
    return frozenset(_items(rows)) - common


def _items(rows: Filter) -> tuple[Filter, ...]:
    return rows.items if isinstance(rows, And) else (rows,)


def _direction(old: frozenset[Filter], new: frozenset[Filter]) -> Severity:
    """Tells whether a condition lets more through, as far as its form shows; what does not show may take something away."""
    either = len(old) == 1 and any(isinstance(item, Or) and old <= {*item.items} for item in new)
    return "opened" if new < old or either or old == {NOTHING} else "closed"


def _words(held: PermissionSet, subject: Object, action: Action) -> str:
    """Returns what a set says of the records of an object that an action reaches."""
    grant = grant_of(held, subject)
    if grant is None or lifts(grant, action):
        return "none" if grant is None else "all"
    scopes = [f"read {grant.read_scope}"] if grant.read_scope != "own" else []
    scopes += [f"write {grant.write_scope}"] if grant.write_scope != "own" else []
    bounding = {rule.name for rule in rules_for(held, subject.name, action)}
    rules = [
        f"{rule.name}: `{rule.using or rule.check}`"
        for rule in held.declaration.row_level_security
        if rule.name in bounding
    ]
    return ", ".join([subject.sharing_model, *scopes, *rules])
