"""Saboteurs: faults of one line each, put in place of one function of the engine or of a face while a block lasts.

Each names the access case that must turn red under it, and by which roads it must be caught among others: a suite that stays green
is at fault itself.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from itertools import chain
from typing import Any
from unittest import mock

import msgspec

from fieldstone.access import depth, policies, scope, shares
from fieldstone.access.caller import SYSTEM
from fieldstone.access.policies import NOT_IN_TRASH, TRASH_ACTIONS, Policies
from fieldstone.access.policy import Policy
from fieldstone.engine import body, cascade, create, review, search, sharing, update, validate
from fieldstone.engine.door import Door
from fieldstone.engine.plans import PagePlan, Plans
from fieldstone.identity import granting, holdings, hooks, placing
from fieldstone.query.ast import EVERYTHING, NOTHING, Filter, Not
from fieldstone.registry import objects, rules
from fieldstone.registry.catalog import Object
from fieldstone.services.imports import columns, importing
from fieldstone.services.meta import known_objects, references, told
from fieldstone.store.binds import Binds
from fieldstone.surfaces.rest import face

Switch = Callable[[], AbstractContextManager[Any]]
"""Puts the fault in place for a block."""


class Saboteur(msgspec.Struct, frozen=True):
    """A fault, the case that it must break, and the roads that must tell of it."""

    name: str
    switch: Switch
    case: str
    caught_by: tuple[str, ...]


def replaced(owner: Any, name: str, fault: Callable[[Any], Any]) -> Switch:
    """Returns the switch that puts in place of a function what a fault makes of it."""
    return lambda: mock.patch.object(owner, name, fault(getattr(owner, name)))


def blind(policy: Policy) -> Policy:
    """Returns a policy that reaches every row."""
    return msgspec.structs.replace(policy, rows=EVERYTHING)


def _blind_first(real: Callable[..., Any]) -> Callable[..., Any]:
    return lambda plans, policy, *rest: real(plans, blind(policy), *rest)


def _count_everything(real: Callable[..., PagePlan]) -> Callable[..., PagePlan]:
    def page(plans: Plans, policy: Policy, columns: Any, where: Filter, *rest: Any) -> PagePlan:
        counted = real(plans, blind(policy), columns, where, *rest).count
        return msgspec.structs.replace(real(plans, policy, columns, where, *rest), count=counted)

    return page


def _tell_invisible_from_absent(real: Callable[..., Any]) -> Callable[..., Any]:
    return lambda plans, subject, read, write: real(plans, subject, blind(read), write)


def _let_everything_stand(real: Callable[..., Awaitable[review.Review]]) -> Callable[..., Awaitable[review.Review]]:
    async def judged(*arguments: Any, **more: Any) -> review.Review:
        return msgspec.structs.replace(await real(*arguments, **more), refused=())

    return judged


def _see_all(_real: Any) -> Callable[..., Any]:
    async def visible(door: Door, fetch: Any, caller: Any, now: str, name: str, choice: Any, ids: Any) -> set[str]:
        where, values = (EVERYTHING, ()) if choice is None else (choice.where, choice.values)
        statement = door.plans.visible(blind(door.policies.policy(caller, name, "read")), where)
        return {row[0] for row in await fetch(statement, Binds((list(ids), *values), caller.values, now))}

    return visible


def _name_all_fields(real: Callable[..., Any]) -> Callable[..., Any]:
    return lambda subject, name, *_: real(subject, name, frozenset(subject.fields))


def _count_as_system(real: Callable[..., Any]) -> Callable[..., Any]:
    return lambda door, unit, _caller, *rest: real(door, unit, SYSTEM, *rest)


def _all_but_internal(_real: Any) -> Callable[..., frozenset[str]]:
    return lambda subject, *_: frozenset(name for name, field in subject.fields.items() if not field.internal)


def _without_wall(_real: Any) -> Callable[..., Filter]:
    return lambda _declaration: EVERYTHING


def _without_personal_wall(real: Callable[..., Filter]) -> Callable[..., Filter]:
    return lambda declaration: EVERYTHING if declaration.tenancy == "personal" else real(declaration)


def _capable_of_all(real: Callable[..., frozenset[str]]) -> Callable[..., frozenset[str]]:
    def fields(subject: Object, sets: Any, _capable: Any, **more: Any) -> frozenset[str]:
        asked = (field.declaration.required_permissions for field in subject.fields.values())
        return real(subject, sets, frozenset(chain.from_iterable(asked)), **more)

    return fields


def _read_is_enough(real: Callable[..., Filter]) -> Callable[..., Filter]:
    return lambda subject, _action, parent_rows: real(subject, "read", parent_rows)


def allow_all(_real: Any) -> Callable[..., bool]:
    """Says yes to everything."""
    return lambda *_arguments: True


def _keep_all(_real: Any) -> Callable[..., bool]:
    """Says that nothing is only tried."""
    return lambda _operation: False


def _by_all_labels(real: Callable[..., Any]) -> Callable[..., Any]:
    return lambda sheet, subject, _known: real(sheet, subject, frozenset(subject.fields))


def _everything(_real: Any) -> Callable[..., Filter]:
    return lambda *_arguments: EVERYTHING


def _nothing_required(_real: Any) -> Callable[..., tuple[str, ...]]:
    return lambda *_arguments: ()


def _first_alone(_real: Any) -> Callable[..., Filter]:
    return lambda first, *_others: first


def refuse_nothing(_real: Any) -> Callable[..., None]:
    """Raises nothing."""
    return lambda *_arguments, **_details: None


def _let_pass(_real: Any) -> Callable[..., Awaitable[None]]:
    async def passed(*_arguments: Any) -> None:
        return None

    return passed


def _nothing_masked(document: Mapping[str, Any], _known: Any) -> Mapping[str, Any]:
    return document


def _share_with_nobody(_real: Any) -> Callable[..., Filter]:
    return lambda *_arguments: NOTHING


def _share_for_deleting_too(real: Callable[..., Filter]) -> Callable[..., Filter]:
    return lambda subject, action: real(subject, "update" if action == "delete" else action)


def _see_every_parent(real: Callable[..., Filter]) -> Callable[..., Filter]:
    return lambda subject, action, _parent_rows: real(subject, action, lambda *_parent: EVERYTHING)


def _see_all_trash(_real: Any) -> Callable[..., Filter]:
    return lambda *_arguments: EVERYTHING


def _reach_all_trash(real: Callable[..., Filter]) -> Callable[..., Filter]:
    def rows(made: Policies, sets: Any, subject: Any, action: Any, granting: Any) -> Filter:
        return Not(NOT_IN_TRASH) if action in TRASH_ACTIONS else real(made, sets, subject, action, granting)

    return rows


def _search_everywhere(real: Callable[..., PagePlan]) -> Callable[..., PagePlan]:
    def page(plans: Plans, policy: Policy, columns: Any, where: Filter, *rest: Any) -> PagePlan:
        return real(plans, blind(policy) if "Match(" in repr(where) else policy, columns, where, *rest)

    return page


def _count_all_hits(real: Callable[..., Any]) -> Callable[..., Any]:
    async def best(searched: search.Searched, subject: Any, policy: Policy, fields: Any) -> Any:
        rows, _ = await real(searched, subject, policy, fields)
        return rows, (await real(searched, subject, blind(policy), fields))[1]

    return best


def _rank_by_rarity(real: Callable[..., Any]) -> Callable[..., Any]:
    async def best(searched: search.Searched, subject: Any, policy: Policy, fields: Any) -> Any:
        rows, total = await real(searched, subject, policy, fields)
        _, everywhere = await real(searched, subject, blind(policy), fields)
        ranked = {key: (*row[:-2], row[-2] * total / everywhere, row[-1]) for key, row in rows.items()}
        return ranked, total

    return best


def _match_every_field(real: Callable[..., Any]) -> Callable[..., Any]:
    def hits(searched: search.Searched, subject: Any, policy: Policy) -> Any:
        shape = msgspec.structs.replace(policy.shape, fields=subject.shape.fields)
        return real(searched, subject, msgspec.structs.replace(policy, shape=shape))

    return hits


def both(*switches: Switch) -> Switch:
    """Returns the switch of one fault that is imported in several places."""

    @contextmanager
    def switched() -> Iterator[None]:
        with ExitStack() as stack:
            for switch in switches:
                stack.enter_context(switch())
            yield

    return switched


SABOTEURS = (
    Saboteur("count_without_policy", replaced(Plans, "_page", _count_everything), "owner_private", ("counted",)),
    Saboteur(
        "groups_without_policy", replaced(Plans, "_groups", _blind_first), "owner_private", ("a group by itself",)
    ),
    Saboteur(
        "record_without_policy", replaced(Plans, "_record", _blind_first), "owner_private", ("by id", "by id, head")
    ),
    Saboteur(
        "expand_without_policy", replaced(Plans, "_expansion", _blind_first), "invisible_reference", ("expanded",)
    ),
    Saboteur("history_without_policy", replaced(Plans, "_visible", _blind_first), "owner_private", ("versions told",)),
    Saboteur(
        "mask_skipped", replaced(policies, "readable_fields", _all_but_internal), "hidden_field", ("shown", "told of")
    ),
    Saboteur(
        "hint_names_hidden", replaced(body, "_unknown", _name_all_fields), "hidden_field", ("hinted at in a change",)
    ),
    Saboteur(
        "check_after_write_skipped",
        both(replaced(update, "review", _let_everything_stand), replaced(create, "review", _let_everything_stand)),
        "row_policies",
        ("changed", "made", "made in a batch"),
    ),
    Saboteur(
        "references_unseen", replaced(validate, "_visible", _see_all), "invisible_reference", ("made", "referred to")
    ),
    Saboteur(
        "personal_wall_dropped", replaced(objects, "_wall", _without_personal_wall), "grants", ("by id", "listed")
    ),
    Saboteur("wall_dropped", replaced(objects, "_wall", _without_wall), "organization_wall", ("by id", "listed")),
    Saboteur(
        "version_ignored",
        replaced(update, "Target", lambda real: lambda *given: real(*given[:-1], None)),
        "owner_private",
        ("changed at a version that is over",),
    ),
    Saboteur(
        "invisible_told_from_absent",
        replaced(Plans, "_before_write", _tell_invisible_from_absent),
        "owner_private",
        ("changed", "deleted", "deleted in a batch"),
    ),
    Saboteur(
        "keepers_told",
        replaced(cascade, "_seen", _count_as_system),
        "restricted_delete",
        ("keeping another from going",),
    ),
    Saboteur(
        "forbidden_dropped", replaced(update, "refuse_forbidden", refuse_nothing), "not_editable", ("set by a change",)
    ),
    Saboteur("grants_unbounded", replaced(granting, "_require", refuse_nothing), "grants", ("changed", "made")),
    Saboteur(
        "accounts_open", replaced(hooks, "keep_out_of_other_accounts", _let_pass), "accounts", ("changed", "deleted")
    ),
    Saboteur("windows_ignored", replaced(holdings, "is_open", allow_all), "positions", ("by id", "listed")),
    Saboteur("placing_unbounded", replaced(placing, "is_free", allow_all), "placing", ("changed", "made")),
    Saboteur(
        "capabilities_ignored",
        replaced(policies, "required_capabilities", _nothing_required),
        "capabilities",
        ("by id", "changed"),
    ),
    Saboteur(
        "capabilities_of_fields_ignored",
        replaced(policies, "readable_fields", _capable_of_all),
        "capabilities",
        ("shown", "bare parameter"),
    ),
    Saboteur(
        "parents_need_not_be_changed",
        replaced(scope, "_under_parent", _read_is_enough),
        "shared_parents",
        ("changed", "made", "deleted"),
    ),
    Saboteur("units_ignored", replaced(depth, "conjunction", _first_alone), "depth", ("by id", "counted")),
    Saboteur(
        "positions_of_policies_ignored", replaced(rules, "_holder_of", _everything), "policies_of_positions", ("by id",)
    ),
    Saboteur("scopes_ignored", replaced(face, "_within_scopes", allow_all), "key_scopes", ("by id", "made as a key")),
    Saboteur(
        "shares_dropped", replaced(scope, "shared_rows", _share_with_nobody), "record_shares", ("by id", "listed")
    ),
    Saboteur(
        "share_level_ignored", replaced(shares, "_TO_EDIT", lambda _real: EVERYTHING), "record_shares", ("changed",)
    ),
    Saboteur(
        "shares_let_delete",
        replaced(scope, "shared_rows", _share_for_deleting_too),
        "record_shares",
        ("deleted", "deleted in a batch"),
    ),
    Saboteur("shares_cross_the_wall", replaced(shares, "_HERE", lambda _real: EVERYTHING), "record_shares", ("by id",)),
    Saboteur(
        "sharing_open_to_all",
        replaced(sharing, "may_share_any", allow_all),
        "record_shares",
        ("shared", "revoked", "shares told"),
    ),
    Saboteur(
        "recipients_unseen",
        replaced(sharing, "_require_recipient", _let_pass),
        "record_shares",
        ("shared", "shared in other words"),
    ),
    Saboteur(
        "parents_unseen",
        replaced(scope, "_under_parent", _see_every_parent),
        "shared_parents",
        ("by id", "listed", "changed", "made"),
    ),
    Saboteur(
        "trash_unseen",
        replaced(Policies, "_seen", _see_all_trash),
        "trash",
        ("listed in the trash", "brought back", "purged"),
    ),
    Saboteur(
        "trash_without_policy",
        both(replaced(Policies, "_seen", _see_all_trash), replaced(Policies, "_rows", _reach_all_trash)),
        "trash",
        ("listed in the trash", "counted in the trash", "queried in the trash", "brought back"),
    ),
    Saboteur("search_without_policy", replaced(Plans, "_page", _search_everywhere), "search", ("searched",)),
    Saboteur(
        "export_without_policy",
        replaced(Plans, "_exported", _blind_first),
        "owner_private",
        ("taken out as a table", "taken out as JSON"),
    ),
    Saboteur(
        "import_matched_without_policy",
        replaced(Plans, "_matching", _blind_first),
        "owner_private",
        ("changed by an import", "changed by an atomic import"),
    ),
    Saboteur("import_tried_and_kept", replaced(importing, "is_tried", _keep_all), "owner_private", ("imported dry",)),
    Saboteur(
        "import_sets_any_field",
        replaced(importing, "require_columns", refuse_nothing),
        "not_editable",
        ("set by an import",),
    ),
    Saboteur(
        "import_knows_hidden_labels",
        replaced(columns, "entries_by_names", _by_all_labels),
        "hidden_field",
        ("the label of a column",),
    ),
    Saboteur(
        "hits_without_policy",
        replaced(Plans, "_ranked", _blind_first),
        "search",
        ("found among all", "found in its object"),
    ),
    Saboteur(
        "hits_counted_before_policy",
        replaced(search.Searched, "best", _count_all_hits),
        "search",
        ("found in its object",),
    ),
    Saboteur(
        "hits_by_hidden_words", replaced(search.Searched, "hits", _match_every_field), "search", ("found by its words",)
    ),
    Saboteur(
        "hits_ranked_by_hidden_rows",
        replaced(search.Searched, "best", _rank_by_rarity),
        "search",
        ("found in its object",),
    ),
    Saboteur(
        "metadata_unmasked",
        replaced(known_objects, "_masked", lambda _real: _nothing_masked),
        "hidden_field",
        ("told of",),
    ),
    Saboteur(
        "view_unmasked",
        replaced(told, "cut_view", lambda _real: lambda _sight, _caller, document: dict(document)),
        "hidden_field",
        ("shown in a view",),
    ),
    Saboteur(
        "references_unmasked",
        replaced(references, "told_path", lambda _real: lambda _document, _told, path: path),
        "hidden_field",
        ("named among references",),
    ),
    Saboteur(
        "expression_told",
        replaced(known_objects, "_masked_field", lambda _real: lambda _name, field, _known: field.items()),
        "formula",
        ("told of",),
    ),
)
