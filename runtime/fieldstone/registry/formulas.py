"""Formulas: the expressions of an object's computed fields, compiled at load, each after those that it uses.

Refuses an expression that does not compile or is of another type than `returnType` says, formulas that use each other in a circle, and
disclosures of what is no input.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from hashlib import blake2b
from typing import cast

import msgspec

from fieldstone.errors import Fault
from fieldstone.kinds.fields.formula import EXPRESSION_TYPES, FormulaOptions, result_of
from fieldstone.query.cel.environment import Environment
from fieldstone.query.cel.expression import Compiled, compile_expression
from fieldstone.query.cel.fault import ExpressionError, ExpressionFault
from fieldstone.query.cel.ir import Node, Ref, walk
from fieldstone.query.cel.translatable import check_sql
from fieldstone.query.cel.types import struct_of, with_article
from fieldstone.query.formula import Formula
from fieldstone.query.names import did_you_mean
from fieldstone.query.result import computation
from fieldstone.query.storage import ObjectShape
from fieldstone.registry.catalog import Field, Object
from fieldstone.registry.codes import Code
from fieldstone.registry.documents import Document
from fieldstone.registry.expressions import expression_faults
from fieldstone.registry.known import Known
from fieldstone.registry.memory import NOBODY, Memory
from fieldstone.registry.rules import expression_fields, expression_types

HEAVIEST = 1_000
"""The most parts that a formula may have in SQL, those of the formulas that it uses counted wherever they stand."""

_WRITTEN_TWICE = 2
"""How often a formula's SQL stands where it is used, at most: what is rounded is looked at twice."""


def link_formulas(
    documents: Mapping[str, Document], objects: Known[Object], memory: Memory
) -> tuple[Known[Object], list[Fault]]:
    """Returns the objects with their formulas compiled, but for those that have wrong ones, and everything that is wrong."""
    linked: dict[str, Object] = {}
    faults: list[Fault] = []
    for name, subject in objects.by_name.items():
        given = (subject, documents[name])
        whole, wrong = memory.recall("formulas", name, partial(_whole, *given), given, NOBODY)
        faults += wrong
        if not wrong:
            linked[name] = whole
    return Known(linked, objects.broken | (objects.by_name.keys() - linked.keys())), faults


def _whole(linked: Object, document: Document, _others: Known[object]) -> tuple[Object, list[Fault]]:
    found = _link(linked, document)
    return (found, []) if isinstance(found, Object) else (linked, found)


def _link(linked: Object, document: Document) -> Object | list[Fault]:
    """Returns an object with its formulas compiled, or everything that is wrong with them."""
    fields = {name: field for name, field in linked.fields.items() if isinstance(field.declaration, FormulaOptions)}
    if not fields:
        return linked
    compiled, faults = _compile(linked, fields, document)
    if faults:
        return faults
    uses = {name: _inputs(expression) for name, expression in compiled.items()}
    order, circle = _ordered(uses)
    if circle:
        text = " -> ".join(f"`{name}`" for name in circle)
        message = f"These formulas use each other in a circle: {text}."
        return [document.fault(("fields", circle[0], "expression"), Code.FORMULA_CYCLE, message, "Break it.")]
    faults = [fault for name in fields for fault in _disclosure_faults(name, fields[name], uses, document)]
    if faults:
        return faults
    made: dict[str, Formula] = {}
    for name in order:
        made[name] = _formula(linked, compiled[name].node, fields[name], uses[name], made)
    return _with(linked, made)


def _compile(
    linked: Object, fields: Mapping[str, Field], document: Document
) -> tuple[dict[str, Compiled], list[Fault]]:
    environment = Environment(
        {"record": struct_of(expression_types(expression_fields(linked.fields.values())))}, bare="record"
    )
    compiled: dict[str, Compiled] = {}
    faults: list[Fault] = []
    for name, field in fields.items():
        declared = cast("FormulaOptions", field.declaration)
        try:
            compiled[name] = _typed(declared, compile_expression(declared.expression, environment))
        except ExpressionError as error:
            faults += expression_faults(document, ("fields", name, "expression"), declared.expression, error)
    return compiled, faults


def _typed(declared: FormulaOptions, expression: Compiled) -> Compiled:
    kind = expression.node.type.name
    if kind == "dyn" or kind in EXPRESSION_TYPES[declared.return_type]:
        return expression
    fitting = next((each for each, kinds in EXPRESSION_TYPES.items() if kind in kinds), None)
    message = f"The expression is {with_article(expression.node.type)}, and `returnType` says `{declared.return_type}`"
    hint = f"Say `returnType: {fitting}`" if fitting else None
    raise ExpressionError([ExpressionFault(0, len(expression.source), "TYPE_MISMATCH", message, hint)])


def _inputs(expression: Compiled) -> tuple[str, ...]:
    return tuple(sorted({path[1] for path in expression.refs if len(path) > 1}))


def _ordered(uses: Mapping[str, tuple[str, ...]]) -> tuple[list[str], list[str]]:
    """Returns the formulas, each after those that it uses, and the first circle of them that there is."""
    order: dict[str, None] = {}

    def visit(name: str, above: list[str]) -> list[str]:
        if name in above:
            return [*above[above.index(name) :], name]
        for used in uses[name] if name not in order else ():
            if used in uses and (circle := visit(used, [*above, name])):
                return circle
        order[name] = None
        return []

    for name in uses:
        if circle := visit(name, []):
            return [], circle
    return list(order), []


def _disclosure_faults(
    name: str, field: Field, uses: Mapping[str, tuple[str, ...]], document: Document
) -> Iterator[Fault]:
    declared = cast("FormulaOptions", field.declaration)
    inputs = _reached(name, uses)
    for number, disclosed in enumerate(declared.discloses):
        if disclosed not in inputs:
            message = f"`{name}` is not computed from `{disclosed}`, so it cannot disclose it."
            hint = did_you_mean(disclosed, sorted(inputs)) or "Drop it."
            yield document.fault(("fields", name, "discloses", number), Code.FIELD_OPTION, message, hint)


def _reached(name: str, uses: Mapping[str, tuple[str, ...]]) -> set[str]:
    """Returns everything that a formula is computed from, by way of other formulas too."""
    found: set[str] = set()
    left = list(uses[name])
    while left:
        used = left.pop()
        if used not in found:
            found.add(used)
            left += uses.get(used, ())
    return found


def _formula(linked: Object, node: Node, field: Field, inputs: tuple[str, ...], made: Mapping[str, Formula]) -> Formula:
    declared = cast("FormulaOptions", field.declaration)
    result = result_of(declared)
    kept = [(name, linked.fields[name].shape.storage) for name in inputs]
    computed = blake2b(repr((declared.expression, result, kept)).encode(), digest_size=8).hexdigest()
    weight = sum(_weight(part, made) for part in walk(node))
    reason = _unfit(node, weight, made)
    return Formula(
        name=f"{linked.name}.{field.name}.{computed}",
        node=node,
        inputs=inputs,
        compute=computation(node, result),
        weight=weight,
        unfit=None if reason is None else f"`{field.name}` is computed after records are read: {reason}.",
    )


def _weight(part: Node, made: Mapping[str, Formula]) -> int:
    used = _used(part, made)
    return 1 if used is None else _WRITTEN_TWICE * used.weight


def _used(part: Node, made: Mapping[str, Formula]) -> Formula | None:
    """Returns the formula that a part of an expression names, if it does."""
    return made.get(part.path[1]) if isinstance(part, Ref) and len(part.path) > 1 else None


def _unfit(node: Node, weight: int, made: Mapping[str, Formula]) -> str | None:
    """Returns why the database cannot compute a formula, None when it can."""
    faults = check_sql(node)
    if faults:
        message = faults[0].message
        return message[:1].lower() + message[1:].rstrip(".")
    used = (_used(part, made) for part in walk(node))
    if any(formula is not None and formula.unfit is not None for formula in used):
        return "a formula that it uses cannot be computed in the database"
    if weight > HEAVIEST:
        return "with the formulas that it uses it is too large for the database"
    return None


def _with(linked: Object, made: Mapping[str, Formula]) -> Object:
    fields = dict(linked.fields)
    for name, formula in made.items():
        field = fields[name]
        result = result_of(cast("FormulaOptions", field.declaration))
        shape = msgspec.structs.replace(field.shape, storage=result, formula=formula)
        fields[name] = msgspec.structs.replace(field, shape=shape)
    shapes = {name: field.shape for name, field in fields.items()}
    return msgspec.structs.replace(linked, fields=fields, shape=ObjectShape(linked.name, shapes))
