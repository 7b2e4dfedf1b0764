"""Policies: compiles what a caller may, for one object and one action, into one Policy.

Effective rows = wall AND the OR, over the caller's sets, of (object bit AND record scope AND that set's row rules): DESIGN.md,
"Policy". One module each for the three parts: `grants`, `scope`, `rows`; `fields` for the two field sets. Everything here
depends on the catalog, on which sets are held, and on whether anything is shared at all; the caller's own values are bound when a
statement runs.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache, partial

import msgspec

from fieldstone.access.caller import Caller
from fieldstone.access.capabilities import capabilities, required_capabilities
from fieldstone.access.fields import readable_fields, writable_fields
from fieldstone.access.grants import allows, grant_of, held_sets, lifts
from fieldstone.access.masks import masked_fields
from fieldstone.access.policy import Action, Policy
from fieldstone.access.rows import rows_accepted, rows_reached, rules_for
from fieldstone.access.scope import ParentRows, record_scope, scope_after_write
from fieldstone.access.shares import sharing_root
from fieldstone.kinds.permission import ObjectGrant
from fieldstone.query.ast import EVERYTHING, NOTHING, Exists, Filter, Literal, Not, Term, conjunction, disjunction
from fieldstone.query.masking import Masking
from fieldstone.query.storage import ObjectShape
from fieldstone.registry.catalog import Catalog, Object, PermissionSet
from fieldstone.registry.history import history_name
from fieldstone.registry.system_fields import DELETED_AT

KEPT = 16_384
"""How many compiled policies are kept; there is one for each combination of sets, object and action that is met."""

NOT_IN_TRASH: Filter = Term(DELETED_AT, "null", Literal(value=True))
_SETTING: tuple[Action, ...] = ("create", "update")
TRASH_ACTIONS: frozenset[Action] = frozenset({"restore", "purge"})

Holding = tuple[PermissionSet, ObjectGrant]


class Policies:
    """The policies of one catalog. Asking twice gives the same object, so that a Policy can key a plan."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._bounded = lru_cache(maxsize=KEPT)(self._compile)
        self._unbounded = lru_cache(maxsize=KEPT)(self._compile_system)
        self._looking_back = lru_cache(maxsize=KEPT)(_past)
        self._standing = lru_cache(maxsize=KEPT)(_unchecked)
        self._capabilities = lru_cache(maxsize=KEPT)(partial(capabilities, catalog))
        self._roots = lru_cache(maxsize=None)(lambda name: sharing_root(catalog, catalog.objects[name]))

    def policy(self, caller: Caller, object_name: str, action: Action) -> Policy:
        """Returns what the caller may; the object must be in the catalog."""
        if caller.system:
            return self._unbounded(object_name, action)
        return self._bounded(caller.sets, object_name, action, shared=self._is_shared(caller, object_name))

    def export(self, caller: Caller, object_name: str) -> Policy:
        """Returns what the caller may take out as a file: what he reads by those of his sets that do not deny it."""
        if caller.system:
            return self._unbounded(object_name, "read")
        denying = (
            held.name
            for held, grant in self._holdings(caller.sets, self._catalog.objects[object_name])
            if grant.allow_export is False
        )
        shared = self._is_shared(caller, object_name)
        return self._bounded(caller.sets.difference(denying), object_name, "read", shared=shared)

    def known(self, caller: Caller, object_name: str) -> frozenset[str]:
        """Returns the fields that the caller may read, or may set in a new record or a change."""
        setting = (self.policy(caller, object_name, action).writable for action in _SETTING)
        return self.policy(caller, object_name, "read").readable.union(*setting)

    def past(self, policy: Policy) -> Policy:
        """Returns a policy for reading as one over the history: a version is shown that satisfies it, of a record that does so now."""
        return self._looking_back(policy)

    def unchecked(self, policy: Policy) -> Policy:
        """Returns a policy under which whatever is written stands, for a look at it in a Unit that is undone."""
        return self._standing(policy)

    def _compile_system(self, object_name: str, action: Action) -> Policy:
        """Returns the system's policy: no wall, no rule, every field, internal ones and the system's own among them.

        What is in the trash is gone for the system too, and what is computed is set by nobody.
        """
        subject = self._catalog.objects[object_name]
        names = frozenset(subject.fields)
        return Policy(
            object=object_name,
            action=action,
            allowed=True,
            rows=EVERYTHING if action == "create" else _kept_rows(subject, action),
            check=EVERYTHING,
            shape=subject.shape,
            readable=names,
            writable=frozenset(name for name in names if not subject.fields[name].type.computed),
        )

    def _is_shared(self, caller: Caller, object_name: str) -> bool:
        """Tells whether a share may open a record of an object to the caller."""
        return caller.shared is None or self._roots(object_name) in caller.shared

    def _compile(self, sets: frozenset[str], object_name: str, action: Action, *, shared: bool) -> Policy:
        subject = self._catalog.objects[object_name]
        holdings = self._holdings(sets, subject)
        granting = [holding for holding in holdings if allows(holding[1], action)]
        readers = [holding for holding in holdings if allows(holding[1], "read")]
        capable = self._capabilities(sets)
        missing = [name for name in required_capabilities(subject, action) if name not in capable]
        if missing or not granting or (action in TRASH_ACTIONS and not (readers and subject.declaration.enable.trash)):
            return _nothing(subject, action, missing[0] if missing else None)
        writes = action in ("create", "update", "restore")
        blind = any(name not in capable for name in required_capabilities(subject, "read"))
        readable = readable_fields(subject, [] if blind else [held for held, _ in readers], capable)
        transfer = action == "update" and "owner_id" in readable and any(grant.allow_transfer for _, grant in granting)
        writers = [held for held, _ in granting] if action in ("create", "update") else []
        idle = any(name not in capable for name in required_capabilities(subject, "update"))
        editors = [] if idle else [held for held, grant in holdings if allows(grant, "update")]
        rows = EVERYTHING if action == "create" else self._rows(sets, subject, action, granting, shared=shared)
        if action in TRASH_ACTIONS:
            rows = conjunction(rows, self._seen(sets, subject, readers, shared=shared))
        return Policy(
            object=object_name,
            action=action,
            allowed=True,
            rows=rows,
            check=self._check(sets, subject, action, granting, shared=shared) if writes else EVERYTHING,
            shape=_shape(subject, readable, masked_fields(subject, readable, editors)),
            readable=readable,
            writable=writable_fields(subject, writers, capable, transfer=transfer),
            query_budget=_query_budget(held for held, _ in granting) if action == "read" else None,
        )

    def _holdings(self, sets: frozenset[str], subject: Object) -> list[Holding]:
        """Returns the held sets that say something about an object, in the catalog's order."""
        held = held_sets(self._catalog, sets)
        return [(item, grant) for item in held if (grant := grant_of(item, subject)) is not None]

    def _rows(
        self, sets: frozenset[str], subject: Object, action: Action, granting: Iterable[Holding], *, shared: bool
    ) -> Filter:
        """Returns the rows that the action reaches."""

        def reached(held: PermissionSet, grant: ObjectGrant) -> Filter:
            if lifts(grant, action):
                return EVERYTHING
            scope = record_scope(subject, action, grant, self.parent_rows(sets, shared=shared), shared=shared)
            return conjunction(scope, rows_reached(rules_for(held, subject.name, action)))

        kept = conjunction(subject.wall, _kept_rows(subject, action))
        return conjunction(kept, disjunction(*(reached(held, grant) for held, grant in granting)))

    def _seen(self, sets: frozenset[str], subject: Object, readers: Iterable[Holding], *, shared: bool) -> Filter:
        """Returns the rows that would be seen if they were not in the trash."""
        scopes = (
            EVERYTHING
            if lifts(grant, "read")
            else conjunction(
                record_scope(subject, "read", grant, self.parent_rows(sets, shared=shared), shared=shared),
                rows_reached(rules_for(held, subject.name, "read")),
            )
            for held, grant in readers
        )
        return disjunction(*scopes)

    def _check(
        self, sets: frozenset[str], subject: Object, action: Action, granting: Iterable[Holding], *, shared: bool
    ) -> Filter:
        """Returns what must hold on a row after the write."""

        def accepted(held: PermissionSet, grant: ObjectGrant) -> Filter:
            if lifts(grant, action):
                return EVERYTHING
            scope = scope_after_write(subject, self.parent_rows(sets, shared=shared))
            return conjunction(scope, rows_accepted(rules_for(held, subject.name, action)))

        kept = conjunction(subject.wall, _kept_rows(subject, "read"))
        return conjunction(kept, disjunction(*(accepted(held, grant) for held, grant in granting)))

    def parent_rows(self, sets: frozenset[str], *, shared: bool) -> ParentRows:
        """Returns how to ask for the rows of a parent that the same sets reach; the shares of both are those of the same object."""
        return lambda object_name, action: self._bounded(sets, object_name, action, shared=shared).rows


def _kept_rows(subject: Object, action: Action) -> Filter:
    """Returns the rows that are in the trash, for what is done to them there; for all else those that are not."""
    if not subject.declaration.enable.trash:
        return NOTHING if action in TRASH_ACTIONS else EVERYTHING
    return Not(NOT_IN_TRASH) if action in TRASH_ACTIONS else NOT_IN_TRASH


def _past(policy: Policy) -> Policy:
    now = Exists(policy.object, "id", "id", policy.rows)
    rows = conjunction(policy.rows, now)
    return msgspec.structs.replace(policy, object=history_name(policy.object), rows=rows)


def _unchecked(policy: Policy) -> Policy:
    return msgspec.structs.replace(policy, check=EVERYTHING)


def _nothing(subject: Object, action: Action, missing: str | None) -> Policy:
    """The policy of somebody who lacks the object right, or a capability that it asks for."""
    return Policy(
        object=subject.name,
        action=action,
        allowed=False,
        rows=NOTHING,
        check=NOTHING,
        shape=_shape(subject, frozenset(), {}),
        readable=frozenset(),
        writable=frozenset(),
        missing=missing,
    )


def _query_budget(granting: Iterable[PermissionSet]) -> int | None:
    """Returns the largest budget of the sets that grant reading; a set without one lifts it, for adding a set takes nothing away."""
    budgets = [held.declaration.query_budget for held in granting]
    return None if None in budgets else max(budget.rows for budget in budgets if budget is not None)


def _shape(subject: Object, readable: frozenset[str], masks: Mapping[str, Masking]) -> ObjectShape:
    shown = {name: shape for name, shape in subject.shape.fields.items() if name in readable}
    named = {name: shape for name, shape in shown.items() if name not in masks} if masks else shown
    return ObjectShape(subject.name, named, tuple(shown), masks)
