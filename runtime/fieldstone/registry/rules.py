"""Row rules: the expressions of row policies, compiled at load into filters that every road shares.

An expression names the object's fields and `current_user`. A rule over a value that the caller lacks selects nothing; so does one that
cannot be computed on a record.
"""

from collections.abc import Callable, Iterable, Mapping

import msgspec

from fieldstone.errors import Fault
from fieldstone.kinds.permission import RowPolicy
from fieldstone.query.ast import (
    EVERYTHING,
    NOTHING,
    CallerHas,
    CallerValue,
    Filter,
    Holds,
    Literal,
    Operand,
    Term,
    conjunction,
    disjunction,
)
from fieldstone.query.cel.context import POLICY_CALLER_TYPE
from fieldstone.query.cel.environment import Environment
from fieldstone.query.cel.expression import compile_expression
from fieldstone.query.cel.fault import ExpressionError, ExpressionFault, Refused
from fieldstone.query.cel.ir import Compiled, Lit, Node, Op, Ref, walk
from fieldstone.query.cel.translatable import check_sql
from fieldstone.query.cel.types import BOOL, Type, optional, required, struct_of
from fieldstone.registry.catalog import Field, Object, RowRule
from fieldstone.registry.documents import Document
from fieldstone.registry.expressions import expression_faults
from fieldstone.registry.system_fields import AUDIT_NAMES, SYSTEM_NAMES

ALL_OPERATIONS = frozenset({"select", "insert", "update", "delete"})
_SCALARS = frozenset({"id", "email", "organization_id", "business_unit_id"})
_EXACT = {"text": str, "boolean": bool, "integer": int}


class Scope(msgspec.Struct, frozen=True, eq=False):
    """Where a rule's expression is read: the names in it, and the fields that they stand for."""

    environment: Environment
    fields: Mapping[str, Field]


def scope_of(subject: Object) -> Scope:
    """Returns the scope of rules over one object."""
    return _scope(subject.fields.values())


def scope_of_all(objects: Iterable[Object]) -> Scope:
    """Returns the scope of rules over every object: the system fields that all of them have, or may do without."""
    shared: set[str] = set(SYSTEM_NAMES)
    fields: dict[str, Field] = {}
    for subject in objects:
        shared &= subject.fields.keys() | AUDIT_NAMES
        fields |= {name: field for name, field in subject.fields.items() if name in shared - fields.keys()}
    return _scope(field for name, field in fields.items() if name in shared)


def link_rule(policy: RowPolicy, scope: Scope, document: Document, number: int) -> RowRule | list[Fault]:
    """Returns the row policy that stands at a number of its set as a rule, or every fault of its expressions."""
    path = ("rowLevelSecurity", number)
    filters: dict[str, Filter] = {}
    faults: list[Fault] = []
    named: set[str] = set()
    for key, text in (("using", policy.using), ("check", policy.check)):
        if text is None:
            continue
        try:
            compiled = _compiled(text, scope)
            filters[key] = _filter_of(compiled, scope)
            named |= _caller_values(compiled)
        except ExpressionError as error:
            faults += expression_faults(document, (*path, key), text, error)
    holder = _holder_of(policy.positions, scope)
    using = conjunction(holder, filters.get("using", EVERYTHING))
    return faults or RowRule(
        name=policy.name,
        object=policy.object,
        operations=ALL_OPERATIONS if policy.operation == "all" else frozenset({policy.operation}),
        using=using,
        check=conjunction(holder, filters.get("check", using)),
        caller_values=frozenset(named),
        place=document.value_at(*path),
    )


def compile_filter(text: str, scope: Scope) -> Filter:
    """Returns the filter that an expression stands for; raises ExpressionError for one that does not compile to SQL."""
    return _filter_of(_compiled(text, scope), scope)


def _holder_of(positions: Iterable[str], scope: Scope) -> Filter:
    """Returns what holds for whoever has one of some positions, and for everybody where there are none."""
    held = " || ".join(f'"{name}" in current_user.positions' for name in positions)
    return compile_filter(held, scope) if held else EVERYTHING


def _compiled(text: str, scope: Scope) -> Compiled:
    compiled = compile_expression(text, scope.environment, BOOL)
    if faults := check_sql(compiled.node) or _unfit_formulas(compiled.node, scope.fields):
        raise Refused(faults)
    return compiled


def _filter_of(compiled: Compiled, scope: Scope) -> Filter:
    needed = sorted(_caller_values(compiled) & _SCALARS)
    return conjunction(*(CallerHas(name) for name in needed), _lowered(compiled.node, scope.fields))


def _caller_values(compiled: Compiled) -> frozenset[str]:
    """Returns the names of the caller's values that an expression looks at."""
    return frozenset(path[1] for path in compiled.refs if path[0] == "current_user" and len(path) > 1)


def expression_fields(fields: Iterable[Field]) -> dict[str, Field]:
    """Returns the fields that an expression may look at: those whose values are ever read."""
    return {field.name: field for field in fields if not field.internal and field.type.mask is None}


def expression_types(fields: Mapping[str, Field]) -> dict[str, Type]:
    """Returns the types that fields have in expressions."""
    return {name: _expression_type(field) for name, field in fields.items()}


def _scope(fields: Iterable[Field]) -> Scope:
    kept = expression_fields(fields)
    roots = {"record": struct_of(expression_types(kept)), "current_user": POLICY_CALLER_TYPE}
    return Scope(Environment(roots, bare="record"), kept)


def _expression_type(field: Field) -> Type:
    kind = field.type.expression_type(field.declaration)
    return optional(kind) if field.shape.nullable else required(kind)


def _unfit_formulas(node: Node, fields: Mapping[str, Field]) -> list[ExpressionFault]:
    """Returns a fault for every formula in an expression that the database cannot compute."""
    faults = []
    for part in walk(node):
        formula = fields[part.path[1]].shape.formula if isinstance(part, Ref) and _of_record(part) else None
        if formula is not None and formula.unfit is not None:
            faults.append(ExpressionFault(part.pos, part.end, "NOT_IN_SQL", formula.unfit))
    return faults


def _of_record(part: Ref) -> bool:
    return len(part.path) == 2 and part.path[0] == "record"


def _lowered(node: Node, fields: Mapping[str, Field]) -> Filter:
    """Returns a condition as plain comparisons where it is made of such, so that indexes are used, else as it stands.

    Under AND and OR alone a comparison that cannot be computed may count as false, as a comparison with an absent value does.
    """
    if isinstance(node, Lit):
        return EVERYTHING if node.value else NOTHING
    if isinstance(node, Op) and node.op in ("&&", "||"):
        join: Callable[..., Filter] = conjunction if node.op == "&&" else disjunction
        return join(*(_lowered(part, fields) for part in node.args))
    if isinstance(node, Op) and node.op == "==":
        left, right = node.args
        for one, other in ((left, right), (right, left)):
            term = _equality(one, other, fields)
            if term is not None:
                return term
    return Holds(node)


def _equality(one: Node, other: Node, fields: Mapping[str, Field]) -> Term | None:
    if not (isinstance(one, Ref) and _of_record(one)):
        return None
    storage = fields[one.path[1]].shape.storage.kind
    operand: Operand | None = None
    if isinstance(other, Ref) and len(other.path) == 2 and other.path[0] == "current_user":
        operand = CallerValue(other.path[1]) if other.path[1] in _SCALARS and storage == "text" else None
    elif isinstance(other, Lit) and isinstance(other.value, str | int) and type(other.value) is _EXACT.get(storage):
        operand = Literal(other.value)
    return Term(one.path[1], "eq", operand) if operand is not None else None
