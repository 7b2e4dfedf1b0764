"""Linking: declarations that fit their kinds become one Catalog, with every name looked up and every expression compiled.

Objects first, since everything else names them; then permission sets, what does something, surfaces, seeds and policy tests. Nothing is
linked when anything is wrong.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import msgspec

from fieldstone.errors import DeclarationError, Fault
from fieldstone.kinds.app import AppDeclaration
from fieldstone.kinds.hook import HOOK
from fieldstone.kinds.package import CAPABILITY
from fieldstone.kinds.table import KINDS
from fieldstone.registry.actions import link_actions
from fieldstone.registry.api_operations import DialectParts, Surroundings
from fieldstone.registry.apis import link_apis
from fieldstone.registry.calendars import link_calendars
from fieldstone.registry.capabilities import capability_faults, capability_items, link_capabilities
from fieldstone.registry.catalog import Action, Catalog, DeclaredHook, Item, Object, Reference, RollupGroup
from fieldstone.registry.choices import link_choices
from fieldstone.registry.codes import Code
from fieldstone.registry.documents import Document, Package, Reading
from fieldstone.registry.faces import face_faults
from fieldstone.registry.flows.all import link_flows
from fieldstone.registry.flows.graph import Graph, StepKinds
from fieldstone.registry.formulas import link_formulas
from fieldstone.registry.handlers import Handlers
from fieldstone.registry.history import history_of
from fieldstone.registry.hooks import link_hooks
from fieldstone.registry.known import Known
from fieldstone.registry.memory import NOBODY, Memory
from fieldstone.registry.object_faults import former_name_faults, object_faults, prefix_faults
from fieldstone.registry.objects import link_object, pointers_in, references_to, referrers_to
from fieldstone.registry.permissions import link_permissions
from fieldstone.registry.policy_tests import link_policy_tests
from fieldstone.registry.seeds import seed_faults
from fieldstone.registry.summaries import Summaries
from fieldstone.registry.summary_disclosures import summary_disclosures
from fieldstone.registry.templates import replaced_templates, template_faults, templates_in
from fieldstone.registry.translations import link_translations
from fieldstone.registry.validations.link import link_validations
from fieldstone.registry.working_time import WorkingTime

_UNLINKABLE = frozenset({Code.FIELD_OPTION, Code.EXPRESSION})
"""What keeps an object from being linked at all."""


def link(
    app: AppDeclaration,
    packages: Sequence[Package],
    reading: Reading,
    faults: list[Fault],
    parts: DialectParts,
    steps: StepKinds,
    handlers: Handlers,
    memory: Memory,
) -> Catalog:
    """Returns the catalog; raises DeclarationError with `faults`, those of finding and reading, and all that linking finds.

    What `memory` has of the last time is not done again.
    """
    documents, replaced = replaced_templates(reading.documents)
    by_kind, clashes = _by_name(documents)
    faults = [*faults, *clashes]
    objects, rollups = _objects(by_kind["object"], reading, faults, memory)
    permissions, wrong = link_permissions(by_kind["permission"], objects)
    faults += [*wrong, *summary_disclosures(by_kind["permission"], objects, rollups)]
    acting, wrong = _acting(by_kind, objects, steps, handlers)
    faults += wrong
    apis, wrong = link_apis(by_kind["api"], Surroundings(objects, acting.callable, parts))
    faults += wrong
    for document in by_kind["seed"].values():
        faults += seed_faults(document, objects)
    tests, wrong = link_policy_tests(by_kind["policy_test"], objects, by_kind["permission"], apis)
    faults += wrong
    capabilities, wrong = link_capabilities(packages)
    faults += [*wrong, *capability_faults(by_kind, capabilities)]
    faults += face_faults(by_kind, objects, acting.callable, reading.broken)
    subjects = {kind: _declared(found) for kind, found in by_kind.items()} | {CAPABILITY.name: capabilities}
    wordings, wrong = link_translations(by_kind["translation"], subjects, reading.broken)
    faults += wrong
    faults += template_faults(by_kind["email_template"], replaced)
    if faults:
        raise DeclarationError(faults)
    return Catalog(
        version=reading.version,
        files_version=reading.version,
        app=app,
        packages={package.name: package.declaration for package in packages},
        capabilities=capabilities,
        objects=objects.by_name,
        permissions=permissions,
        apis=apis,
        seeds=tuple(_declared(by_kind["seed"]).values()),
        items=_items(by_kind, packages) | {HOOK.name: _in_order(by_kind[HOOK.name], acting.hooks)},
        histories=_histories(objects.by_name.values(), memory),
        policy_tests=tests,
        email_templates=templates_in(by_kind["email_template"], replaced),
        rollups=rollups,
        calendars=acting.calendars,
        wordings=wordings,
        flows=acting.flows,
        actions=acting.callable.by_name,
        hooks=acting.hooks,
        handlers=handlers,
        files={document.file: f"{document.package}/{document.relative}" for document in reading.documents},
    )


class _Acting(msgspec.Struct, frozen=True, eq=False):
    """What does something: flows, by calendars, actions, and hooks."""

    calendars: Mapping[str, WorkingTime]
    flows: Mapping[str, Graph]
    callable: Known[Action]
    hooks: tuple[DeclaredHook, ...]


def _acting(
    by_kind: Mapping[str, Mapping[str, Document]], objects: Known[Object], steps: StepKinds, handlers: Handlers
) -> tuple[_Acting, list[Fault]]:
    """Returns what does something, each after what it may name, and everything wrong with it."""
    calendars, faults = link_calendars(by_kind["calendar"])
    flows, wrong = link_flows(by_kind["flow"], objects, steps, calendars, handlers.functions)
    faults = [*faults, *wrong]
    startable = Known(flows, _broken(by_kind["flow"], flows))
    actions, wrong = link_actions(by_kind["action"], objects, handlers, steps, startable)
    faults += wrong
    hooks, wrong = link_hooks(by_kind["hook"], objects, handlers, steps)
    faults += wrong
    return _Acting(calendars, flows, Known(actions, _broken(by_kind["action"], actions)), hooks), faults


def _broken(documents: Mapping[str, Document], linked: Mapping[str, Any]) -> frozenset[str]:
    """Returns the names of what could not be linked, so that nothing more is said about it."""
    return frozenset(documents.keys() - linked.keys())


def _histories(objects: Iterable[Object], memory: Memory) -> dict[str, Object]:
    kept = (linked for linked in objects if linked.declaration.enable.track_history)
    found = (memory.recall("history", item.name, partial(_history, item), (item,), NOBODY)[0] for item in kept)
    return {history.name: history for history in found}


def _history(linked: Object, _others: Known[object]) -> tuple[Object, tuple[()]]:
    return history_of(linked), ()


def _objects(
    documents: Mapping[str, Document], reading: Reading, faults: list[Fault], memory: Memory
) -> tuple[Known[Object], tuple[RollupGroup, ...]]:
    """Returns the objects that can be linked, and their summaries; adds what is wrong with the others to `faults`."""
    broken = {name for kind, name in reading.broken if kind == "object"}
    declared = Known(documents, frozenset(broken))
    for name, document in documents.items():
        _, wrong = memory.recall("faults", name, partial(_checked, document), (document,), declared)
        faults += wrong
        if any(fault.code in _UNLINKABLE for fault in wrong):
            broken.add(name)
    faults += [*prefix_faults(documents), *former_name_faults(documents)]
    pointers = pointers_in(documents)
    references, referrers = references_to(pointers), referrers_to(pointers)
    linked: dict[str, Object] = {}
    for name, document in documents.items():
        if name not in broken:
            given = (document, tuple(references.get(name, ())), tuple(referrers.get(name, {}).items()))
            linked[name], _ = memory.recall("object", name, partial(_linked, *given), given, NOBODY)
    summaries = Summaries(documents, Known(linked, frozenset(broken)))
    with_summaries, rollups = summaries.link()
    faults += summaries.faults
    with_formulas, wrong = link_formulas(documents, Known(with_summaries, frozenset(broken)), memory)
    faults += wrong
    chosen, wrong = link_choices(documents, with_formulas, memory)
    faults += wrong
    ruled: dict[str, Object] = {}
    for name, subject in chosen.by_name.items():
        work = partial(_ruled, documents[name], subject)
        ruled[name], wrong = memory.recall("validations", name, work, (documents[name], subject), NOBODY)
        faults += wrong
    return Known(ruled, chosen.broken), rollups


def _checked(document: Document, declared: Known[Document]) -> tuple[None, list[Fault]]:
    return None, list(object_faults(document, declared))


def _linked(
    document: Document,
    references: tuple[Reference, ...],
    referrers: tuple[tuple[str, tuple[str, ...]], ...],
    _others: Known[object],
) -> tuple[Object, tuple[()]]:
    return link_object(document, references, dict(referrers)), ()


def _ruled(document: Document, subject: Object, _others: Known[object]) -> tuple[Object, list[Fault]]:
    return link_validations(document, subject)


def _by_name(documents: Iterable[Document]) -> tuple[dict[str, dict[str, Document]], list[Fault]]:
    """Returns the documents by kind and key, the first of each; a fault at the second names the place of the first."""
    found: dict[str, dict[str, Document]] = {kind: {} for kind in KINDS}
    faults: list[Fault] = []
    for document in documents:
        first = found[document.kind].setdefault(document.key, document)
        if first is not document:
            message = f"The {document.kind} `{document.key}` is already declared in {first.value_at('name')}."
            faults.append(document.fault(("name",), Code.NAME_CLASH, message, "Rename one of the two."))
    return found, faults


def _declared(documents: Mapping[str, Document]) -> dict[str, Any]:
    return {name: document.declared for name, document in documents.items()}


def _items(by_kind: Mapping[str, Mapping[str, Document]], packages: Iterable[Package]) -> dict[str, dict[str, Item]]:
    items = {kind: {name: _item(document) for name, document in found.items()} for kind, found in by_kind.items()}
    return items | {CAPABILITY.name: capability_items(packages)}


def _in_order(documents: Mapping[str, Document], hooks: Iterable[DeclaredHook]) -> dict[str, Item]:
    """Returns hooks in the order in which they run."""
    return {hook.name: _item(documents[hook.name]) for hook in hooks}


def _item(document: Document) -> Item:
    return Item(
        document.kind, document.key, document.package, document.source.value, document.value_at(), document.source.spot
    )
