"""The layers of a decision: what each part of a policy says by itself, in the order in which they are asked (contract 4.1, 4.8).

They are made by the functions that make the policy (`scope_parts`, `rules_for`, `required_capabilities`, `allows`, `lifts`). What a
layer says of records is a filter, asked by whoever explains. Reads nothing, refuses nothing.
"""

from collections.abc import Iterator
from typing import Literal

import msgspec

from fieldstone.access.capabilities import capabilities, required_capabilities
from fieldstone.access.grants import allows, grant_of, held_sets, lifts
from fieldstone.access.policies import Policies
from fieldstone.access.policy import Action, Policy
from fieldstone.access.rows import rows_reached, rules_for
from fieldstone.access.scope import scope_after_write, scope_parts
from fieldstone.errors import Place
from fieldstone.kinds.permission import ObjectGrant
from fieldstone.query.ast import EVERYTHING, NOTHING, Filter, disjunction
from fieldstone.registry.catalog import Catalog, Object, PermissionSet
from fieldstone.registry.granted import WILDCARD

LayerName = Literal[
    "organization_wall",
    "required_permissions",
    "object_crud",
    "fls",
    "owd_baseline",
    "depth",
    "sharing",
    "vama_bypass",
    "rls",
    "check",
]
Verdict = Literal["grants", "denies", "narrows", "widens", "neutral", "not_applicable"]

_BITS = {
    "read": ("allow_read", "view_all_records", "modify_all_records"),
    "create": ("allow_create",),
    "update": ("allow_edit",),
    "delete": ("allow_delete",),
    "restore": ("allow_restore",),
    "purge": ("allow_purge",),
}
"""The keys of a grant that hold the right to an action."""

LIFTING = ("view_all_records", "modify_all_records")


class Contributor(msgspec.Struct, frozen=True):
    """A declaration that speaks in a layer: which, of which permission set (None: the object itself), and where it stands.

    `rows` are the rows that it opens, where it opens some.
    """

    what: str
    permission_set: str | None
    place: Place
    rows: Filter | None = None


class Layer(msgspec.Struct, frozen=True):
    """One layer; `rows` are those that it lets through (`narrows`) or adds (`widens`), None where it speaks of the whole object."""

    name: LayerName
    verdict: Verdict
    contributors: tuple[Contributor, ...] = ()
    rows: Filter | None = None


Holding = tuple[PermissionSet, ObjectGrant]


def layers_of(catalog: Catalog, policies: Policies, sets: frozenset[str], policy: Policy) -> Iterator[Layer]:
    """Yields the layers of a policy of somebody who holds these sets, in their order."""
    subject, action = catalog.objects[policy.object], policy.action
    declared = catalog.items["object"][subject.name]
    granting, bound = _holdings(catalog, sets, subject, action)
    yield _wall(subject, declared.at("tenancy"))
    yield _required(catalog, sets, subject, action)
    yield _object_right(catalog, granting, subject, action)
    yield _fields(catalog, granting, subject, policy)
    parts = [
        (held, grant, scope_parts(subject, action, grant, policies.parent_rows(sets, shared=True)))
        for held, grant in bound
    ]
    model = Contributor(f"sharingModel: {subject.sharing_model}", None, declared.at("sharingModel"))
    yield _narrowing(
        "owd_baseline", disjunction(*(part.baseline for _, _, part in parts)), (model,), open_to_all="grants"
    )
    deep = tuple(
        Contributor(
            "writeScope" if action == "update" else "readScope", held.name, _place(catalog, held, subject), part.depth
        )
        for held, _, part in parts
        if part.depth != NOTHING
    )
    yield _widening("depth", disjunction(*(part.depth for _, _, part in parts)), deep)
    yield _widening("sharing", disjunction(*(part.shares for _, _, part in parts)), ())
    lifting = _lifting(catalog, granting, subject, action)
    yield _widening("vama_bypass", EVERYTHING if lifting else NOTHING, lifting)
    yield _rules(bound, subject, action)


def check_layer(catalog: Catalog, policies: Policies, sets: frozenset[str], policy: Policy) -> Layer:
    """Returns the layer of what must hold on a row after a write: the wall, the parent, and what the row policies accept."""
    subject, action = catalog.objects[policy.object], policy.action
    declared = catalog.items["object"][subject.name]
    granting, bound = _holdings(catalog, sets, subject, action)
    parent = scope_after_write(subject, policies.parent_rows(sets, shared=True))
    fixed = (
        Contributor("tenancy", None, declared.at("tenancy"), subject.wall),
        Contributor(f"sharingModel: {subject.sharing_model}", None, declared.at("sharingModel"), parent),
    )
    rules = (
        Contributor(rule.name, held.name, rule.place, rule.check)
        for held, _ in bound
        for rule in rules_for(held, subject.name, action)
    )
    narrowing = tuple(each for each in fixed if each.rows != EVERYTHING)
    return _narrowing("check", policy.check, (*narrowing, *_lifting(catalog, granting, subject, action), *rules))


def _holdings(
    catalog: Catalog, sets: frozenset[str], subject: Object, action: Action
) -> tuple[list[Holding], list[Holding]]:
    """Returns the sets that grant an action, and those of them that do not lift what bounds it."""
    granted = [(held, grant) for held in held_sets(catalog, sets) if (grant := grant_of(held, subject)) is not None]
    granting = [holding for holding in granted if allows(holding[1], action)]
    return granting, [holding for holding in granting if not lifts(holding[1], action)]


def _lifting(catalog: Catalog, granting: list[Holding], subject: Object, action: Action) -> tuple[Contributor, ...]:
    return tuple(
        Contributor(_lifting_key(grant), held.name, _place(catalog, held, subject))
        for held, grant in granting
        if lifts(grant, action)
    )


def _wall(subject: Object, place: Place) -> Layer:
    return _narrowing("organization_wall", subject.wall, (Contributor("tenancy", None, place),))


def _required(catalog: Catalog, sets: frozenset[str], subject: Object, action: Action) -> Layer:
    required = required_capabilities(subject, action)
    if not required:
        return Layer("required_permissions", "not_applicable")
    held = capabilities(catalog, sets)
    place = catalog.items["object"][subject.name].at("requiredPermissions")
    lacking = [name for name in required if name not in held]
    told = tuple(Contributor(name, None, place) for name in lacking or required)
    return Layer("required_permissions", "denies" if lacking else "grants", told)


def _object_right(catalog: Catalog, granting: list[Holding], subject: Object, action: Action) -> Layer:
    told = tuple(
        Contributor(_spelled(key), held.name, _place(catalog, held, subject, _spelled(key)))
        for held, grant in granting
        for key in _BITS[action]
        if getattr(grant, key)
    )
    return Layer("object_crud", "grants" if granting else "denies", told)


def _fields(catalog: Catalog, granting: list[Holding], subject: Object, policy: Policy) -> Layer:
    """Tells of the fields that are kept: from being read, or from being set where the action writes."""
    open_fields = policy.writable if policy.action in ("create", "update") else policy.readable
    told = tuple(
        Contributor(f"{subject.name}.{name}", held.name, catalog.items["permission"][held.name].at("fields", key))
        for name, field in subject.fields.items()
        if name not in open_fields and not field.system
        for held, _ in granting
        if (key := f"{subject.name}.{name}") in held.declaration.fields
    )
    if policy.action not in ("read", "create", "update"):
        return Layer("fls", "not_applicable")
    return Layer("fls", "narrows" if told else "neutral", told)


def _rules(bound: list[Holding], subject: Object, action: Action) -> Layer:
    """Tells of the row policies of the sets that do not lift them; a set without any opens every row of its scope."""
    by_set = [(held, rules_for(held, subject.name, action)) for held, _ in bound]
    told = tuple(Contributor(rule.name, held.name, rule.place, rule.using) for held, rules in by_set for rule in rules)
    return _narrowing("rls", disjunction(*(rows_reached(rules) for _, rules in by_set)) if told else EVERYTHING, told)


def _narrowing(
    name: LayerName, rows: Filter, told: tuple[Contributor, ...], *, open_to_all: Verdict = "not_applicable"
) -> Layer:
    return Layer(name, open_to_all, told) if rows == EVERYTHING else Layer(name, "narrows", told, rows)


def _widening(name: LayerName, rows: Filter, told: tuple[Contributor, ...]) -> Layer:
    return Layer(name, "not_applicable") if rows == NOTHING else Layer(name, "widens", told, rows)


def _lifting_key(grant: ObjectGrant) -> str:
    return next(_spelled(key) for key in LIFTING if getattr(grant, key))


def _place(catalog: Catalog, held: PermissionSet, subject: Object, *key: str) -> Place:
    named = subject.name if subject.name in held.declaration.objects else WILDCARD
    return catalog.items["permission"][held.name].at("objects", named, *key)


_SPELLED = {field.name: field.encode_name for field in msgspec.structs.fields(ObjectGrant)}


def _spelled(key: str) -> str:
    return _SPELLED[key]
