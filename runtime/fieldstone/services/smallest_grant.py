"""The smallest grant: what would have to be given for a refusal to become a permission, and what else that would open.

Each candidate is compiled as if it were declared and held, and asked of the same records by the evaluators that decide. The one that opens
the least beside wins: first by objects and actions, then by fields.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Literal, Protocol

import msgspec

from fieldstone.access.caller import Caller
from fieldstone.access.grants import grant_of, held_sets
from fieldstone.access.layers import LIFTING
from fieldstone.access.policies import Policies
from fieldstone.access.policy import Action, Policy
from fieldstone.access.rows import rows_reached, rules_for
from fieldstone.access.shares import is_shareable
from fieldstone.kinds.permission import ObjectGrant
from fieldstone.query.ast import conjunction, disjunction
from fieldstone.registry.catalog import Catalog, PermissionSet

_BITS: dict[Action, str] = {
    "read": "allow_read",
    "create": "allow_create",
    "update": "allow_edit",
    "delete": "allow_delete",
    "restore": "allow_restore",
    "purge": "allow_purge",
}
_DEPTHS = ("own_and_reports", "unit", "unit_and_below", "org")
_ACTIONS: tuple[Action, ...] = ("read", "create", "update", "delete")
_NOT_GIVEN = frozenset({"everyone", "guest"})

Kind = Literal["share", "permission_set", "object_right", "scope"]


class SmallestGrant(msgspec.Struct, frozen=True, rename="camel"):
    """A grant that would do: `kind`, said in words, and what else it opens: `object:action` pairs and `object.field` names."""

    kind: Kind
    grant: str
    opens_actions: list[str]
    opens_fields: list[str]


class Asking(Protocol):
    """Who can ask how many records a policy reaches."""

    @property
    def catalog(self) -> Catalog:
        """What is declared."""

    async def reached(self, policies: Policies, caller: Caller, policy: Policy, ids: Sequence[str]) -> int:
        """Returns how many of some records a policy reaches."""


class _Candidate(msgspec.Struct, frozen=True):
    kind: Kind
    said: str
    catalog: Catalog
    sets: frozenset[str]


async def smallest_grant(asking: Asking, caller: Caller, policy: Policy, ids: Sequence[str]) -> SmallestGrant | None:
    """Returns the grant that opens the least and yet lets all of some records be reached; None when there is none."""
    share = await _share(asking, caller, policy, ids)
    if share is not None:
        return share
    before = _opened(asking.catalog, Policies(asking.catalog), caller.sets)
    found: list[SmallestGrant] = []
    for candidate in _candidates(asking.catalog, caller.sets, policy):
        policies = Policies(candidate.catalog)
        other = msgspec.structs.replace(caller, sets=candidate.sets)
        changed = policies.policy(other, policy.object, policy.action)
        if not changed.allowed or await asking.reached(policies, other, changed, ids) < len(ids):
            continue
        actions, fields = _opened(candidate.catalog, policies, candidate.sets)
        found.append(
            SmallestGrant(candidate.kind, candidate.said, sorted(actions - before[0]), sorted(fields - before[1]))
        )
    return min(found, key=lambda grant: (len(grant.opens_actions), len(grant.opens_fields)), default=None)


async def _share(asking: Asking, caller: Caller, policy: Policy, ids: Sequence[str]) -> SmallestGrant | None:
    """Returns the share that would do for a single record: nothing opens less."""
    subject = asking.catalog.objects[policy.object]
    if len(ids) != 1 or policy.action not in ("read", "update") or not policy.allowed or not is_shareable(subject):
        return None
    held = [item for item in held_sets(asking.catalog, caller.sets) if grant_of(item, subject) is not None]
    rules = disjunction(*(rows_reached(rules_for(item, subject.name, policy.action)) for item in held))
    shared = msgspec.structs.replace(policy, rows=conjunction(subject.wall, rules), action="read")
    if not await asking.reached(Policies(asking.catalog), caller, shared, ids):
        return None
    level = "edit" if policy.action == "update" else "read"
    return SmallestGrant("share", f"a share of this record, level `{level}`", [], [])


def _candidates(catalog: Catalog, sets: frozenset[str], policy: Policy) -> Iterator[_Candidate]:
    """Yields what might be given: a right or a wider scope in a set that is held, or one more set."""
    subject = catalog.objects[policy.object]
    bit = _BITS[policy.action]
    depth = "write_scope" if policy.action == "update" else "read_scope"
    for held in held_sets(catalog, sets):
        grant = held.declaration.objects.get(subject.name, ObjectGrant())
        if held.name in _NOT_GIVEN:
            continue
        steps: list[tuple[Kind, str, Any]] = [("object_right", bit, True)]
        steps += [("scope", depth, value) for value in _DEPTHS] if policy.action in ("read", "update") else []
        steps += [("scope", key, True) for key in LIFTING]
        for kind, key, value in steps:
            if getattr(grant, key) != value:
                said = f"`{_spelled(key)}: {_shown(value)}` for `{subject.name}` in `{held.name}`"
                yield _Candidate(kind, said, _with(catalog, held, subject.name, {key: value, bit: True}), sets)
    for name, item in catalog.permissions.items():
        if name not in sets and name not in _NOT_GIVEN and item.declaration.active:
            yield _Candidate("permission_set", f"the permission set `{name}`", catalog, sets | {name})


def _with(catalog: Catalog, held: PermissionSet, object_name: str, values: dict[str, Any]) -> Catalog:
    """Returns a catalog in which a set says more of an object."""
    objects = held.declaration.objects
    grant = msgspec.structs.replace(objects.get(object_name, ObjectGrant()), **values)
    declaration = msgspec.structs.replace(held.declaration, objects={**objects, object_name: grant})
    changed = msgspec.structs.replace(held, declaration=declaration)
    return msgspec.structs.replace(catalog, permissions={**catalog.permissions, held.name: changed})


def _opened(catalog: Catalog, policies: Policies, sets: frozenset[str]) -> tuple[set[str], set[str]]:
    """Returns what somebody who holds these sets may do at all, and which fields he may read."""
    caller = Caller(sets=sets, values={})
    actions: set[str] = set()
    fields: set[str] = set()
    for name in catalog.objects:
        for action in _ACTIONS:
            policy = policies.policy(caller, name, action)
            if policy.allowed:
                actions.add(f"{name}:{action}")
                fields |= {f"{name}.{field}" for field in policy.readable} if action == "read" else set()
    return actions, fields


_SPELLED = {field.name: field.encode_name for field in msgspec.structs.fields(ObjectGrant)}


def _spelled(key: str) -> str:
    return _SPELLED[key]


def _shown(value: Any) -> str:
    return "true" if value is True else str(value)
