"""Actions, linked: their parameters as fields, their expressions compiled, their handlers found.

Refuses an action that nobody could do: a script with no body or two, another type without its target, keys that its type has no use for.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, cast

from fieldstone.errors import Fault
from fieldstone.kinds.action import ActionDeclaration
from fieldstone.query.cel.context import CALLER_TYPE, ORGANIZATION_TYPE
from fieldstone.query.cel.environment import Environment
from fieldstone.query.cel.expression import Compiled, ExpressionError, compile_expression, evaluator
from fieldstone.query.cel.types import BOOL, Type, optional, required, struct_of
from fieldstone.query.names import did_you_mean
from fieldstone.registry.action_params import OWN_NAMES, Params, Path
from fieldstone.registry.catalog import Action, Field, Object
from fieldstone.registry.codes import Code
from fieldstone.registry.condition import decided
from fieldstone.registry.documents import Document
from fieldstone.registry.expressions import expression_faults
from fieldstone.registry.flows.graph import Graph, Input, StepKinds
from fieldstone.registry.flows.link import IN_A_LIST, link_steps
from fieldstone.registry.flows.site import Surroundings
from fieldstone.registry.handlers import Handlers, named_handler
from fieldstone.registry.known import Known, unknown_field
from fieldstone.registry.rules import expression_fields, expression_types

RESERVED = frozenset({"create", "update", "delete", "restore", "clone", "share"})
"""What every object can do anyway."""

RECORD_INPUT = "record_id"
"""The input by which a flow is told the record that its action was called on."""

GLOBAL = "global"
"""What stands in the place of an object where an action has none."""

_AT_RECORDS = frozenset({"list_item", "record_header", "record_more", "record_related", "record_section"})
_DISABLED: Path = ("disabled",)
_BODIES = ("body", "steps", "handler")
_OF_API = ("method", "bodyExtra", "bodyShape")
_OF_RECORDS = ("recordIdParam", "recordIdField")


def link_actions(
    documents: Mapping[str, Document],
    objects: Known[Object],
    handlers: Handlers,
    kinds: StepKinds,
    flows: Known[Graph],
) -> tuple[dict[str, Action], list[Fault]]:
    """Returns the actions by key, but for those with faults, and everything wrong with them."""
    linked: dict[str, Action] = {}
    faults: list[Fault] = []
    for key, document in documents.items():
        site = _Site(document, objects, handlers, kinds)
        site.faults += _target_faults(document, site.declaration, flows)
        action = site.link(key)
        faults += site.faults
        if not site.faults and action is not None:
            linked[key] = action
    return linked, faults


class _Site:
    """One action that is being linked; `faults` gathers what is wrong with it."""

    def __init__(self, document: Document, objects: Known[Object], handlers: Handlers, kinds: StepKinds) -> None:
        self.document = document
        self.declaration = cast("ActionDeclaration", document.declared)
        self.faults: list[Fault] = []
        self._objects = objects
        self._handlers = handlers
        self._kinds = kinds

    def link(self, key: str) -> Action | None:
        """Returns the linked action; None when its object is not there."""
        declaration, document = self.declaration, self.document
        name = declaration.object_name
        subject = None if name is None else self._objects.get(name)
        if name is not None and subject is None:
            self.faults += self._objects.missing(document.value_at("objectName"), name)
            return None
        if declaration.name in RESERVED:
            message = f"`{declaration.name}` is what can be done with every record."
            self._refuse(("name",), message, "Choose another name.", Code.NAME_RESERVED)
        params = Params(document, subject, self._objects)
        fields = params.link(declaration)
        self.faults += params.faults
        self.faults += _key_faults(document, declaration, subject)
        faces = dict(self._for_faces(declaration, _environment(subject, None)))
        asked = faces.get(_DISABLED)
        compute, named = self._body(declaration, _environment(subject, fields))
        needs = {path[0] for path in (*(() if asked is None else asked.refs), *named)}
        at_records = bool(declaration.locations) and _AT_RECORDS.issuperset(declaration.locations)
        return Action(
            key=key,
            declaration=declaration,
            object=name,
            params=fields,
            needs_record=subject is not None and (at_records or "record" in needs),
            disabled=_constant(value=declaration.disabled is True) if asked is None else decided(asked),
            compute=compute,
            handler=self._handler(declaration),
            steps=self._steps(declaration, fields, subject),
            looks_at={} if subject is None else {path: _fields_in(found, subject) for path, found in faces.items()},
            place=document.value_at(),
            package=document.package,
        )

    def _refuse(self, path: Path, message: str, hint: str | None = None, code: Code = Code.ACTION) -> None:
        self.faults.append(self.document.fault(path, code, message, hint))

    def _compiled(self, path: Path, text: str, environment: Environment, wanted: Type | None) -> Compiled | None:
        try:
            return compile_expression(text, environment, wanted)
        except ExpressionError as error:
            self.faults += expression_faults(self.document, path, text, error)
            return None

    def _body(
        self, declaration: ActionDeclaration, environment: Environment
    ) -> tuple[Callable[[Mapping[str, Any]], Any] | None, Collection[tuple[str, ...]]]:
        """Returns the function of a body that is an expression, and the names that it looks at."""
        compiled = None if declaration.body is None else self._compiled(("body",), declaration.body, environment, None)
        return (None, ()) if compiled is None else (evaluator(compiled), compiled.refs)

    def _handler(self, declaration: ActionDeclaration) -> Any:
        found, faults = named_handler(self.document, declaration.handler, self._handlers, "actions")
        self.faults += faults
        return found

    def _steps(
        self, declaration: ActionDeclaration, params: Mapping[str, Field], subject: Object | None
    ) -> Graph | None:
        """Returns the graph of a body that is a list of steps, each of which can be done at once."""
        if declaration.steps is None:
            return None
        inputs = {
            name: Input(name, field.label, field.reader, required(_param_type(field)), field.required)
            for name, field in params.items()
        }
        around = Surroundings(self.document, self._objects, IN_A_LIST, self.faults)
        return link_steps(
            around,
            ("steps",),
            declaration.steps,
            self._kinds,
            name=declaration.key,
            inputs=inputs,
            subject=subject,
            outputs=declaration.outputs,
        )

    def _for_faces(self, declaration: ActionDeclaration, environment: Environment) -> Iterator[tuple[Path, Compiled]]:
        """Yields the expressions that faces evaluate, by their paths; a call asks but `disabled`."""
        said: list[tuple[Path, bool | str]] = [(("visible",), declaration.visible), (_DISABLED, declaration.disabled)]
        said += [(("params", number, "visible"), param.visible) for number, param in enumerate(declaration.params)]
        for path, text in said:
            compiled = self._compiled(path, text, environment, BOOL) if isinstance(text, str) else None
            if compiled is not None:
                yield path, compiled


def _constant(*, value: bool) -> Callable[[Mapping[str, Any]], bool]:
    return lambda _activation: value


def _fields_in(compiled: Compiled, subject: Object) -> frozenset[str]:
    """Returns the fields that an expression looks at: all of them, where it takes the record as a whole."""
    if ("record",) in compiled.refs:
        return frozenset(subject.fields)
    return frozenset(path[1] for path in compiled.refs if path[0] == "record" and len(path) > 1)


def _environment(subject: Object | None, params: Mapping[str, Field] | None) -> Environment:
    """Returns the names in the expressions of an action: the record, who calls, and the input where it is given already."""
    roots: dict[str, Type] = {"current_user": CALLER_TYPE, "os": struct_of({"org": ORGANIZATION_TYPE})}
    if params is not None:
        told = struct_of({name: _param_type(field) for name, field in params.items()})
        roots |= {"input": told, "inputs": told}
    if subject is None:
        return Environment(roots)
    record = struct_of(expression_types(expression_fields(subject.fields.values())))
    return Environment({"record": record, **roots}, bare="record")


def _param_type(field: Field) -> Type:
    kind = field.type.expression_type(field.declaration)
    return required(kind) if field.required else optional(kind)


def _key_faults(document: Document, declaration: ActionDeclaration, subject: Object | None) -> Iterator[Fault]:
    """Yields a fault for every key that the action's type, or its lack of an object, has no use for."""
    written = document.source.value
    unfit: list[tuple[Iterable[str], str]] = []
    if declaration.type != "script":
        unfit.append(((*_BODIES, "outputs", "runAs"), f"an action of type `{declaration.type}`"))
    elif declaration.steps is None:
        unfit.append((("outputs",), "an action without steps"))
    if declaration.type != "api":
        unfit.append((_OF_API, f"an action of type `{declaration.type}`"))
    if subject is None:
        unfit.append((_OF_RECORDS, "an action of no object"))
    for keys, whose in unfit:
        for key in keys:
            if key in written:
                yield document.fault((key,), Code.ACTION, f"`{key}` means nothing to {whose}.", "Drop it.")
    if subject is None and declaration.locations:
        message = "An action of no object is not offered at records or in their lists."
        yield document.fault(("locations",), Code.ACTION, message, "Say `objectName`.")
    if declaration.record_id_param is not None and declaration.record_id_param in OWN_NAMES:
        message = f"`{declaration.record_id_param}` stands for the record in any case."
        yield document.fault(("recordIdParam",), Code.NAME_RESERVED, message, "Drop it, or give another name.")
    if subject is not None and declaration.record_id_field is not None:
        yield from _identity_faults(document, declaration, subject)


def _identity_faults(document: Document, declaration: ActionDeclaration, subject: Object) -> Iterator[Fault]:
    name = str(declaration.record_id_field)
    field = subject.fields.get(name)
    if declaration.record_id_param is None:
        message = "It stands in the place of the id under a name of its own."
        yield document.fault(("recordIdField",), Code.ACTION, message, "Say `recordIdParam`, too.")
    if field is None:
        yield unknown_field(document.value_at("recordIdField"), name, subject.name, subject.fields)
    elif field.unique is None and name != "id":
        message = f"`{name}` may be the same in several records."
        yield document.fault(("recordIdField",), Code.ACTION, message, "Name a `unique` field.")


def _target_faults(document: Document, declaration: ActionDeclaration, flows: Known[Graph]) -> Iterator[Fault]:
    """Yields what is wrong with what the action does; the routes of an api are looked at where surfaces are."""
    if declaration.type == "script":
        said = [key for key in _BODIES if getattr(declaration, key) is not None]
        if len(said) != 1:
            told = f"has {' and '.join(f'`{key}`' for key in said)}" if said else "says nothing of what it does"
            hint = f"Give it exactly one of {', '.join(f'`{key}`' for key in _BODIES)}."
            yield document.fault((said[-1],) if said else (), Code.ACTION, f"The script {told}.", hint)
        if declaration.target is not None:
            yield document.fault(("target",), Code.ACTION, "A script has no target.", "Drop it, or say another `type`.")
    elif declaration.target is None:
        message = f"An action of type `{declaration.type}` needs a `target`."
        yield document.fault((), Code.MISSING_KEY, message, "Add `target: ...`.")
    elif declaration.type == "flow" and declaration.target not in flows.broken:
        yield from _flow_faults(document, declaration, flows)


def _flow_faults(document: Document, declaration: ActionDeclaration, flows: Known[Graph]) -> Iterator[Fault]:
    """Yields a fault for a flow that is not there, and for inputs that its action could not give it."""
    flow = flows.get(str(declaration.target))
    if flow is None:
        hint = did_you_mean(str(declaration.target), flows.by_name) or "Declare it in a file `<name>.flow.yaml`."
        yield document.fault(("target",), Code.ACTION, f"There is no flow `{declaration.target}`.", hint)
        return
    named = [param.name or param.field for param in declaration.params]
    for number, name in enumerate(named):
        if name not in flow.inputs:
            hint = did_you_mean(str(name), flow.inputs) or "Declare it among the inputs of the flow."
            yield document.fault(
                ("params", number), Code.ACTION, f"The flow `{flow.name}` has no input `{name}`.", hint
            )
    for name, each in flow.inputs.items():
        if each.required and name not in named and name != RECORD_INPUT:
            message = f"The flow `{flow.name}` needs the input `{name}`."
            yield document.fault(("target",), Code.ACTION, message, "Add it to `params`.")
