"""Where a step is declared: what its kind is given to link it. Looks names up, compiles values and conditions, and notes every fault."""

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from fieldstone.errors import Fault
from fieldstone.kinds.fields.field_type import Rejected
from fieldstone.kinds.flow import FlowDeclaration
from fieldstone.query.cel.environment import Environment
from fieldstone.query.cel.expression import Compiled, ExpressionError, compile_expression, evaluator
from fieldstone.query.cel.fault import ExpressionFault
from fieldstone.query.cel.types import BOOL, DYN, Type, assignable, required, struct_of, with_article
from fieldstone.query.names import did_you_mean, meant_or_known
from fieldstone.registry.catalog import Field, Object
from fieldstone.registry.codes import Code
from fieldstone.registry.condition import decided
from fieldstone.registry.documents import Document
from fieldstone.registry.expressions import expression_faults, place_within
from fieldstone.registry.flows.graph import Evaluate
from fieldstone.registry.flows.template import (
    Placeholder,
    Unclosed,
    Value,
    constant,
    joined_text,
    mapping,
    placeholders,
    sequence,
)
from fieldstone.registry.handlers import Handler
from fieldstone.registry.known import Known, unknown_field
from fieldstone.registry.rules import expression_fields, expression_types
from fieldstone.registry.working_time import WorkingTime

Path = tuple[str | int, ...]
T = TypeVar("T")

_NO_STEP = "`step` has no field "
_JUNCTIONS = frozenset({"$and", "$or", "$not"})
NUMBERS = frozenset({"int", "decimal", "double"})


class Surroundings(msgspec.Struct, frozen=True, eq=False):
    """What all steps of one declaration have around them.

    `opening` is how a placeholder begins, `faults` gathers what is wrong. `flows`, `calendars` and `functions` are those that steps may
    name. `amended` is the object of a record that is about to be written, and may be changed before.
    """

    document: Document
    objects: Known[Object]
    opening: str
    faults: list[Fault]
    variables: Mapping[str, Type] = {}
    flows: Mapping[str, FlowDeclaration] = {}
    calendars: Mapping[str, WorkingTime] = {}
    functions: Mapping[str, Handler] = {}
    amended: Object | None = None


class Called(msgspec.Struct, frozen=True, eq=False):
    """What another flow is started with, and the type of what it tells at its end."""

    inputs: Mapping[str, Value]
    output: Type


class Site:
    """One step: its Struct, where its keys stand, and the names that it may use."""

    def __init__(self, around: Surroundings, declared: Any, path: Path, roots: Mapping[str, Type], name: str) -> None:
        self.around = around
        self.declared = declared
        self.path = path
        self.name = name
        self.roots = dict(roots)
        self._keys = {field.name: field.encode_name for field in msgspec.structs.fields(type(declared))}
        bare = "record" if "record" in roots and roots["record"].name == "struct" else None
        self._environment = Environment(roots, bare=bare)

    def at(self, key: str, *inner: str | int) -> Path:
        """Returns the path of a key of the step, by the name of the Struct's attribute, and of what is in it."""
        return (*self.path, self._keys.get(key, key), *inner)

    def refuse(self, path: Path, message: str, hint: str | None = None, code: Code = Code.FLOW_STEP) -> None:
        """Notes a fault of the value at a path."""
        self.around.faults.append(self.around.document.fault(path, code, message, hint))

    def object(self, name: str, key: str = "object") -> Object | None:
        """Returns an object by name; notes a fault, and returns None, where there is none."""
        found = self.around.objects.get(name)
        if found is None:
            place = self.around.document.value_at(*self.at(key))
            self.around.faults.extend(self.around.objects.missing(place, name))
        return found

    def field(self, subject: Object, name: str, path: Path) -> Field | None:
        """Returns a field of an object; notes a fault, and returns None, where there is none."""
        found = subject.fields.get(name)
        if found is None or found.internal:
            place = self.around.document.key_at(*path)
            known = [each.name for each in subject.fields.values() if not each.internal]
            self.around.faults.append(unknown_field(place, name, subject.name, known))
            return None
        return found

    def condition(self, text: str, path: Path) -> Evaluate | None:
        """Returns a condition; notes its faults, and returns None, where it does not compile."""
        compiled = self._compiled(text, path, text, 0, BOOL)
        return None if compiled is None else decided(compiled)

    def value(self, raw: Any, path: Path) -> Value | None:
        """Returns a value with its placeholders; notes their faults, and returns None, where one does not compile."""
        if isinstance(raw, str):
            return self._text(raw, path)
        if isinstance(raw, Mapping):
            parts = {name: self.value(each, (*path, name)) for name, each in raw.items()}
            return None if None in parts.values() else mapping({name: part for name, part in parts.items() if part})
        if isinstance(raw, list | tuple):
            items = [self.value(each, (*path, number)) for number, each in enumerate(raw)]
            return None if None in items else sequence([item for item in items if item])
        return constant(raw)

    def variable(self, name: str, raw: Any, path: Path) -> Value | None:
        """Returns a value for a variable; notes a fault, and returns None, where there is no such variable or it takes no such value."""
        kind = self.around.variables.get(name)
        value = self.value(raw, path)
        if kind is None:
            hint = did_you_mean(name, self.around.variables) or "Declare it in `variables`."
            place = self.around.document.key_at(*path)
            self.around.faults.append(Fault(place, Code.FLOW_STEP, f"There is no variable `{name}`.", hint))
            return None
        if value is None or _takes(kind, value.type):
            return value
        self.refuse(
            path, f"`{name}` takes {with_article(kind)}, and this is {with_article(value.type)}.", code=Code.EXPRESSION
        )
        return None

    def with_roots(self, roots: Mapping[str, Type]) -> "Site":
        """Returns the same step with further names for a part of it."""
        return Site(self.around, self.declared, self.path, {**self.roots, **roots}, self.name)

    def items(self, raw: Any, item: str) -> Value | None:
        """Returns the list that a step goes through; notes a fault, and returns None, where it is none or `item` has a meaning already."""
        items = self.value(raw, self.at("items"))
        if items is None or not self.is_free(item, self.at("item")):
            return None
        if items.type.name in ("list", "dyn", "null"):
            return items
        self.refuse(self.at("items"), f"There is nothing to go through: this is {_shown(items.type)}, and no list.")
        return None

    def calendar(self, name: str, path: Path) -> WorkingTime | None:
        """Returns the working time of a calendar; notes a fault, and returns None, where there is none of the name."""
        return self._named(
            "calendar", name, self.around.calendars, path, "Declare it in a file `<name>.calendar.yaml`."
        )

    def function(self, name: str, path: Path) -> Handler | None:
        """Returns a function of a package's `handlers.py`; notes a fault, and returns None, where there is none of the name."""
        hint = "Put it under `functions` in the package's `handlers.py`."
        return self._named("function", name, self.around.functions, path, hint)

    def flow(self, name: str, inputs: Mapping[str, Any]) -> "Called | None":
        """Returns what a flow is started with; notes a fault, and returns None, where it cannot be started so."""
        flow = self._named("flow", name, self.around.flows, self.at("flow"))
        if flow is None:
            return None
        if flow.status != "active":
            message = f"The flow `{name}` is `{flow.status}`, so that it is never begun."
            self.refuse(self.at("flow"), message, "Say `status: active` there, or drop the step.", Code.FLOW)
            return None
        known = {each: options.required for each, options in flow.inputs.items()}
        known |= {each.name: each.required for each in flow.variables if each.is_input}
        values = {each: self.value(raw, self.at("inputs", each)) for each, raw in inputs.items()}
        before = len(self.around.faults)
        for each in inputs.keys() - known.keys():
            hint = meant_or_known(each, known) or "Drop it, or declare it among the inputs of that flow."
            self.refuse(self.at("inputs", each), f"The flow `{name}` has no input `{each}`.", hint, Code.FLOW)
        for each, wanted in known.items():
            if wanted and each not in inputs:
                message = f"The flow `{name}` needs the input `{each}`."
                self.refuse(self.at("inputs"), message, f"Add `{each}: ...`.", Code.FLOW)
        if None in values.values() or len(self.around.faults) > before:
            return None
        told = [*flow.outputs, *(each.name for each in flow.variables if each.is_output)]
        return Called({each: value for each, value in values.items() if value}, struct_of(dict.fromkeys(told, DYN)))

    def _named(self, what: str, name: str, known: Mapping[str, T], path: Path, hint: str | None = None) -> T | None:
        if name not in known:
            self.refuse(path, f"There is no {what} `{name}`.", did_you_mean(name, known) or hint, Code.FLOW)
        return known.get(name)

    def amendment(self, name: str, raw: Any, path: Path) -> Value | None:
        """Returns a value for a field of the record that is about to be written; notes a fault, and returns None, where none is."""
        if self.around.amended is None:
            message = "No record is about to be written here."
            self.refuse(path, message, "Change it with a step `update`, or run the flow before the write.")
            return None
        return self.field_value(self.around.amended, name, raw, path)

    def is_free(self, name: str, path: Path) -> bool:
        """Tells whether a name has no meaning yet; notes a fault where it has one."""
        if name not in self.roots and name != "step":
            return True
        self.refuse(path, f"`{name}` already has a meaning here.", "Choose another name.", Code.NAME_RESERVED)
        return False

    def named_fields(self, subject: Object, where: Any, path: Path) -> bool:
        """Tells whether a condition of the query language names fields that an object has; notes a fault for each that it has not."""
        whole = True
        if isinstance(where, list | tuple):
            inner = [self.named_fields(subject, each, (*path, number)) for number, each in enumerate(where)]
            return all(inner)
        for name, each in where.items() if isinstance(where, Mapping) else ():
            if name.startswith("$"):
                whole = (name not in _JUNCTIONS or self.named_fields(subject, each, (*path, name))) and whole
            elif "." not in name:
                whole = self.field(subject, name, (*path, name)) is not None and whole
        return whole

    def values_of(self, subject: Object, raw: Mapping[str, Any], key: str = "fields") -> dict[str, Value] | None:
        """Returns the values for fields of an object; those that are always the same are read as the field would, once."""
        found: dict[str, Value] = {}
        whole = True
        for name, each in raw.items():
            value = self.field_value(subject, name, each, self.at(key, name))
            if value is None:
                whole = False
                continue
            found[name] = value
        return found if whole else None

    def field_value(self, subject: Object, name: str, raw: Any, path: Path) -> Value | None:
        """Returns a value for a field; notes a fault, and returns None, where there is no such field or it takes no such value."""
        field = self.field(subject, name, path)
        value = self.value(raw, path)
        return value if field is not None and value is not None and self._fits(field, value, path) else None

    def _fits(self, field: Field, value: Value, path: Path) -> bool:
        if field.type.computed or (field.system and field.name != "owner_id"):
            self.refuse(path, f"`{field.name}` is set by the system.", "Leave it out.")
            return False
        if value.constant is not msgspec.UNSET:
            try:
                if value.constant is not None:
                    field.reader(value.constant)
            except Rejected as rejected:
                self.refuse(path, f"{rejected.message}.")
                return False
            return True
        wanted = field.type.expression_type(field.declaration)
        if _takes(wanted, value.type):
            return True
        message = f"`{field.name}` takes {_shown(wanted)}, and this is {_shown(value.type)}."
        self.refuse(path, message, code=Code.EXPRESSION)
        return False

    def _text(self, text: str, path: Path) -> Value | None:
        try:
            found = placeholders(text, self.around.opening)
        except Unclosed as unclosed:
            start = self.around.document.value_at(*path)
            lines = self.around.document.content.decode("utf-8-sig").split("\n")
            place = place_within(start, lines, text, unclosed.begin)
            message = "This placeholder is not closed."
            self.around.faults.append(Fault(place, Code.EXPRESSION, message, "Close it with `}`."))
            return None
        if not found:
            return constant(text)
        compiled = [self._placeholder(each, path, text) for each in found]
        values = [None if each is None else Value(evaluator(each), each.node.type) for each in compiled]
        if any(value is None for value in values):
            return None
        whole = [value for value in values if value is not None]
        first = found[0]
        if len(found) == 1 and (first.begin, first.end) == (0, len(text)):
            return whole[0]
        return joined_text(_pieces(text, found, whole))

    def _placeholder(self, found: Placeholder, path: Path, text: str) -> Compiled | None:
        """Returns the expression of a placeholder; one that was spelled in another way is at fault as a whole."""
        if found.expression == found.source:
            return self._compiled(found.source, path, text, found.at, None)
        try:
            return compile_expression(found.expression, self._environment)
        except ExpressionError as error:
            moved = ExpressionError(
                [msgspec.structs.replace(each, pos=found.at, end=found.end) for each in error.faults]
            )
            self.around.faults.extend(expression_faults(self.around.document, path, text, moved))
            return None

    def _compiled(self, source: str, path: Path, text: str, offset: int, wanted: Type | None) -> Compiled | None:
        """Returns an expression that begins at an offset of the text at a path."""
        try:
            return compile_expression(source, self._environment, wanted)
        except ExpressionError as error:
            moved = ExpressionError([_moved(fault, offset) for fault in error.faults])
            self.around.faults.extend(expression_faults(self.around.document, path, text, moved))
            return None


def record_type(subject: Object) -> Type:
    """Returns the type of a record of an object in expressions."""
    return struct_of(expression_types(expression_fields(subject.fields.values())))


def _takes(wanted: Type, given: Type) -> bool:
    """Tells whether a value may be of the wanted type: numbers stand for each other, and what has parts is looked at when it is there."""
    wanted, given = required(wanted), required(given)
    if {given.name, wanted.name} <= NUMBERS or given.name in ("null", "struct", "map", "list"):
        return True
    return assignable(given, wanted) or assignable(wanted, given)


def _shown(kind: Type) -> str:
    """Returns a type with its article."""
    text = str(required(kind))
    return f"an {text}" if text.startswith("i") else f"a {text}"


def _moved(fault: ExpressionFault, offset: int) -> ExpressionFault:
    """Returns a fault of an expression that begins at an offset of a text."""
    if fault.message.startswith(_NO_STEP):
        message = f"No step {fault.message.removeprefix(_NO_STEP)} stands before this one"
        fault = msgspec.structs.replace(fault, message=message)
    return msgspec.structs.replace(fault, pos=fault.pos + offset, end=fault.end + offset)


def _pieces(text: str, found: list[Placeholder], values: list[Value]) -> list[str | Value]:
    pieces: list[str | Value] = []
    at = 0
    for each, value in zip(found, values, strict=True):
        pieces += [text[at : each.begin], value]
        at = each.end
    return [piece for piece in (*pieces, text[at:]) if piece != ""]
