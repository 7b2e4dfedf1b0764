"""Explaining a policy: which rules narrow what somebody reads of an object, set by set, and where each is declared.

Tells of the same parts that `policies.py` joins into a filter: the wall, and for each permission set that grants reading either nothing
more, or the record scope and the set's own row rules. Refuses nothing.
"""

from collections.abc import Iterator

import msgspec

from fieldstone.access.grants import allows, grant_of, held_sets, lifts
from fieldstone.access.rows import rules_for
from fieldstone.errors import Place
from fieldstone.kinds.permission import ObjectGrant
from fieldstone.query.ast import EVERYTHING
from fieldstone.registry.catalog import Catalog, Object, PermissionSet
from fieldstone.registry.granted import WILDCARD

WALL = "organization_wall"
OWN = "personal_wall"
ALL_RECORDS = "all_records"


class AddedRule(msgspec.Struct, frozen=True):
    """One rule that a policy adds to every read of an object; without a permission set it holds for all of them.

    `rule` is the name of a row policy, `organization_wall` or `personal_wall`, `sharing:<model>` or `scope:<depth>` for the record
    scope, or `all_records` where a set adds nothing. `place` is its file within its package, and the line.
    """

    object: str
    rule: str
    permission_set: str | None
    place: str


def rules_added(catalog: Catalog, sets: frozenset[str], object_name: str) -> tuple[AddedRule, ...]:
    """Returns the rules of reading an object for somebody who holds these sets, those of a controlling parent among them."""
    return tuple(_rules(catalog, sets, catalog.objects[object_name]))


def _rules(catalog: Catalog, sets: frozenset[str], subject: Object) -> Iterator[AddedRule]:
    declared = catalog.items["object"][subject.name]
    if subject.wall != EVERYTHING:
        yield AddedRule(subject.name, WALL if subject.housed else OWN, None, catalog.told(declared.at("tenancy")))
    under_parent = False
    for held in held_sets(catalog, sets):
        grant = grant_of(held, subject)
        if grant is None or not allows(grant, "read"):
            continue
        added = [] if lifts(grant, "read") else list(_of_set(catalog, held, grant, subject))
        under_parent = under_parent or not lifts(grant, "read")
        yield from added or [
            AddedRule(subject.name, ALL_RECORDS, held.name, catalog.told(_place_of_grant(catalog, held, subject)))
        ]
    parent = subject.parent.reference if subject.parent is not None else None
    if under_parent and parent is not None:
        yield from _rules(catalog, sets, catalog.objects[parent])


def _of_set(catalog: Catalog, held: PermissionSet, grant: ObjectGrant, subject: Object) -> Iterator[AddedRule]:
    model = subject.sharing_model
    if model == "controlled_by_parent" or (model == "private" and grant.read_scope == "own"):
        place = catalog.items["object"][subject.name].at("sharingModel")
        yield AddedRule(subject.name, f"sharing:{model}", held.name, catalog.told(place))
    elif model == "private" and grant.read_scope != "org":
        place = _place_of_grant(catalog, held, subject, "readScope")
        yield AddedRule(subject.name, f"scope:{grant.read_scope}", held.name, catalog.told(place))
    for rule in rules_for(held, subject.name, "read"):
        yield AddedRule(subject.name, rule.name, held.name, catalog.told(rule.place))


def _place_of_grant(catalog: Catalog, held: PermissionSet, subject: Object, *key: str) -> Place:
    named = subject.name if subject.name in held.declaration.objects else WILDCARD
    return catalog.items["permission"][held.name].at("objects", named, *key)
