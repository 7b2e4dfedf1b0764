"""Hooks, linked: each as one of every object that it names, its condition compiled, its handler found or its steps linked.

Refuses a hook that nothing would run: no body or two, no object.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

from fieldstone.errors import Fault
from fieldstone.kinds.hook import EVERY_OBJECT, HookDeclaration
from fieldstone.query.cel.context import CALLER_TYPE, ORGANIZATION_TYPE
from fieldstone.query.cel.environment import Environment
from fieldstone.query.cel.expression import ExpressionError, compile_expression
from fieldstone.query.cel.types import BOOL, struct_of
from fieldstone.registry.catalog import DeclaredHook, Object
from fieldstone.registry.codes import Code
from fieldstone.registry.condition import decided
from fieldstone.registry.documents import Document
from fieldstone.registry.expressions import expression_faults
from fieldstone.registry.flows.graph import Graph, StepKinds
from fieldstone.registry.flows.link import IN_A_LIST, link_steps
from fieldstone.registry.flows.site import Surroundings
from fieldstone.registry.handlers import Handlers, named_handler
from fieldstone.registry.known import Known
from fieldstone.registry.layout import PLATFORM
from fieldstone.registry.rules import expression_fields, expression_types
from fieldstone.registry.validations.link import formulas_in


def link_hooks(
    documents: Mapping[str, Document], objects: Known[Object], handlers: Handlers, kinds: StepKinds
) -> tuple[tuple[DeclaredHook, ...], list[Fault]]:
    """Returns the hooks in the order in which they run, and everything wrong with them."""
    linked: list[DeclaredHook] = []
    faults: list[Fault] = []
    for document in documents.values():
        declaration = cast("HookDeclaration", document.declared)
        handler, wrong = named_handler(document, declaration.handler, handlers, "hooks")
        wrong += _body_faults(document, declaration)
        for subject in _subjects(document, declaration, objects, wrong):
            around = Surroundings(document, objects, IN_A_LIST, [], amended=_amended(declaration, subject))
            linked.append(
                DeclaredHook(
                    name=declaration.name,
                    declaration=declaration,
                    object=subject.name,
                    condition=_condition(declaration, subject, around),
                    handler=handler,
                    steps=_steps(declaration, subject, around, kinds),
                    formulas=formulas_in(subject, [frozenset(subject.fields)]),
                    place=document.value_at(),
                    package=document.package,
                )
            )
            wrong += around.faults
        faults += dict.fromkeys(wrong)
    linked.sort(key=lambda hook: (hook.declaration.priority, hook.name))
    return tuple(linked), faults


def _body_faults(document: Document, declaration: HookDeclaration) -> Iterator[Fault]:
    said = [key for key in ("handler", "steps") if getattr(declaration, key) is not None]
    if len(said) != 1:
        told = "has both a `handler` and `steps`" if said else "says nothing of what it does"
        path = ("steps",) if said else ()
        yield document.fault(path, Code.HOOK, f"The hook {told}.", "Give it a `handler` or `steps`.")


def _subjects(
    document: Document, declaration: HookDeclaration, objects: Known[Object], faults: list[Fault]
) -> list[Object]:
    """Returns the objects that a hook is for; notes a fault for each that is not there, or named twice."""
    if declaration.object == EVERY_OBJECT:
        return [subject for subject in objects.by_name.values() if subject.package != PLATFORM]
    names = (declaration.object,) if isinstance(declaration.object, str) else declaration.object
    found: dict[str, Object] = {}
    for number, name in enumerate(names):
        path = ("object",) if isinstance(declaration.object, str) else ("object", number)
        subject = objects.get(name)
        if subject is None:
            faults.extend(objects.missing(document.value_at(*path), name))
        elif name in found:
            faults.append(document.fault(path, Code.HOOK, f"`{name}` is named twice.", "Name it once."))
        else:
            found[name] = subject
    if not names:
        faults.append(document.fault(("object",), Code.HOOK, "The hook is for no object.", "Name one."))
    return list(found.values())


def _amended(declaration: HookDeclaration, subject: Object) -> Object | None:
    """Returns the object where steps may set the fields of the record: before it is written."""
    amends = all(event in ("beforeInsert", "beforeUpdate") for event in declaration.events)
    return subject if amends else None


def _condition(
    declaration: HookDeclaration, subject: Object, around: Surroundings
) -> Callable[[Mapping[str, Any]], bool] | None:
    if declaration.condition is None:
        return None
    types = expression_types(expression_fields(subject.fields.values()))
    roots = {
        "record": struct_of(types),
        "previous": struct_of(types, nullable=True),
        "current_user": CALLER_TYPE,
        "os": struct_of({"org": ORGANIZATION_TYPE}),
    }
    try:
        return decided(compile_expression(declaration.condition, Environment(roots, bare="record"), BOOL))
    except ExpressionError as error:
        around.faults.extend(expression_faults(around.document, ("condition",), declaration.condition, error))
        return None


def _steps(declaration: HookDeclaration, subject: Object, around: Surroundings, kinds: StepKinds) -> Graph | None:
    if declaration.steps is None:
        return None
    return link_steps(around, ("steps",), declaration.steps, kinds, name=declaration.name, inputs={}, subject=subject)
