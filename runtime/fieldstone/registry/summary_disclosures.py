"""What summaries and numbers tell: of what a permission set hides from their reader only what they say that they disclose.

A summary tells of records below it; these are hidden from a set that does not grant them, from every set unless they are reached
exactly as the record above (`controlled_by_parent`), and from one whose row policies narrow them. Each set is looked at by itself
(DESIGN.md, "Declared disclosures"): what two sets together open is open.
"""

from collections.abc import Iterator, Mapping
from typing import cast

import msgspec

from fieldstone.errors import Fault
from fieldstone.kinds.fields.autonumber import AutonumberOptions
from fieldstone.kinds.fields.summary import SummaryOptions
from fieldstone.kinds.object import RequiredPermissions
from fieldstone.kinds.permission import PermissionDeclaration
from fieldstone.registry.catalog import Object, Rollup, RollupGroup
from fieldstone.registry.codes import Code
from fieldstone.registry.documents import Document
from fieldstone.registry.granted import WILDCARD, gives, grant_in, lets_read
from fieldstone.registry.kept_conditions import fields_of
from fieldstone.registry.known import Known
from fieldstone.registry.system_fields import DELETED_AT

_MOST_NAMED = 3
"""How many permission sets one fault names."""


class _Untold(msgspec.Struct):
    """A summary, what it tells beyond what it discloses, and the sets from which that is hidden."""

    rollup: Rollup
    group: RollupGroup
    fields: set[str]
    sets: list[str]


def summary_disclosures(
    documents: Mapping[str, Document], objects: Known[Object], groups: tuple[RollupGroup, ...]
) -> Iterator[Fault]:
    """Yields a fault for every summary and number that tells readers more than it discloses."""
    sets = {name: cast("PermissionDeclaration", document.declared) for name, document in documents.items()}
    for group in (group for group in groups if not {group.parent, group.child} & objects.broken):
        for rollup in group.rollups:
            untold = _Untold(rollup, group, set(), [])
            for name, declaration in sets.items():
                if fields := _untold(rollup, group, objects.by_name, declaration):
                    untold.fields |= fields
                    untold.sets.append(name)
            if untold.sets:
                yield _fault(untold, objects.by_name[group.parent])
    for subject in objects.by_name.values():
        for numbering in subject.numbers:
            named = set(numbering.format.fields)
            options = cast("AutonumberOptions", subject.fields[numbering.field].declaration)
            for name, declaration in sets.items():
                if not _reads(declaration, subject) or _hides(declaration, subject, numbering.field):
                    continue
                for told in sorted(named.difference(options.discloses)):
                    if _hides(declaration, subject, told):
                        where = f"`{subject.name}.{numbering.field}`"
                        message = (
                            f"{where} has `{told}` in it, which the set `{name}` hides from readers of the number."
                        )
                        hint = f"Hide {where} there too, or have it say `discloses: [{told}]`."
                        yield Fault(subject.fields[numbering.field].place, Code.DISCLOSURE, message, hint)


def told_by(rollup: Rollup) -> frozenset[str]:
    """Returns the fields of records that a summary tells of; their `id` where it counts them all."""
    named = fields_of(rollup.where) - {DELETED_AT}
    return named | {rollup.column} if rollup.column is not None else named or frozenset({"id"})


def _untold(
    rollup: Rollup, group: RollupGroup, objects: Mapping[str, Object], declaration: PermissionDeclaration
) -> set[str]:
    """Returns what a summary tells a set's readers of, that is hidden from them, and that it does not say it discloses."""
    parent, child = objects[group.parent], objects[group.child]
    if not _reads(declaration, parent) or _hides(declaration, parent, rollup.field):
        return set()
    options = cast("SummaryOptions", parent.fields[rollup.field].declaration)
    disclosed = {name.partition(".")[2] for name in options.discloses}
    told = told_by(rollup) - disclosed
    if _hides_rows(declaration, child, group.reference):
        return set(told)
    return {name for name in told if _hides(declaration, child, name)}


def _fault(untold: _Untold, parent: Object) -> Fault:
    group = untold.group
    name = f"{parent.name}.{untold.rollup.field}"
    named = [f"`{item}`" for item in untold.sets[:_MOST_NAMED]]
    more = len(untold.sets) - len(named)
    sets = ", ".join(named) + (f" and {more} more" if more else "")
    message = (
        f"`{name}` tells its readers of `{group.child}` records, or of fields of theirs, that these permission sets hide from"
        f" them: {sets}."
    )
    told = ", ".join(f"{group.child}.{field}" for field in sorted(untold.fields))
    hint = f"Have it say `discloses: [{told}]`, or say `{name}: {{readable: false}}` under `fields` of those sets."
    return Fault(parent.fields[untold.rollup.field].place, Code.DISCLOSURE, message, hint)


def _hides_rows(declaration: PermissionDeclaration, child: Object, reference: str) -> bool:
    """Tells whether some children may be hidden from whoever reads the record above them by this set alone."""
    reached_alike = child.parent is not None and child.parent.name == reference
    narrowed = any(
        policy.enabled and policy.operation in ("select", "all") and policy.object in (child.name, WILDCARD)
        for policy in declaration.row_level_security
    )
    return not reached_alike or narrowed or not _reads(declaration, child)


def _hides(declaration: PermissionDeclaration, subject: Object, name: str) -> bool:
    field = subject.fields[name]
    rule = declaration.fields.get(f"{subject.name}.{name}")
    marked = rule is not None and not rule.readable
    return marked or field.internal or not gives(declaration, field.declaration.required_permissions)


def _reads(declaration: PermissionDeclaration, subject: Object) -> bool:
    grant = grant_in(declaration, subject)
    required = subject.declaration.required_permissions
    asked = required.read if isinstance(required, RequiredPermissions) else required
    return grant is not None and lets_read(grant) and gives(declaration, asked)
