"""Disclosures of formulas: one that a permission set leaves readable tells of no field that the set hides or masks, unless it says so.

Each set is looked at by itself (DESIGN.md, "Declared disclosures"): what two sets together open is open.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import cast

from fieldstone.errors import Fault
from fieldstone.kinds.fields.formula import FormulaOptions
from fieldstone.kinds.permission import PermissionDeclaration
from fieldstone.registry.catalog import Field, Object
from fieldstone.registry.codes import Code
from fieldstone.registry.disclosures import hidden_fields, hiding_place
from fieldstone.registry.documents import Document
from fieldstone.registry.granted import grant_in, lets_read

Computed = Sequence[tuple[Object, Sequence[Field], Collection[str]]]
"""Objects with their formulas, and the names of these and of all that they are computed from."""


def computed_in(objects: Iterable[Object]) -> Computed:
    """Returns those objects that have formulas, with these."""
    found = ((subject, [field for field in subject.fields.values() if field.shape.formula]) for subject in objects)
    return [(subject, formulas, _concerned(formulas)) for subject, formulas in found if formulas]


def _concerned(formulas: Sequence[Field]) -> set[str]:
    inputs = (field.shape.formula.inputs for field in formulas if field.shape.formula)
    return {field.name for field in formulas}.union(*inputs)


def formula_disclosures(document: Document, declaration: PermissionDeclaration, computed: Computed) -> Iterator[Fault]:
    """Yields a fault for every field that a set hides and a formula that it leaves readable tells of."""
    for subject, formulas, concerned in computed:
        grant = grant_in(declaration, subject)
        if grant is None or not lets_read(grant):
            continue
        hidden = hidden_fields(declaration, subject, concerned)
        for formula in formulas if hidden else ():
            if not formula.internal and formula.name not in hidden:
                yield from _faults_of(document, subject, formula, hidden)


def _faults_of(document: Document, subject: Object, formula: Field, hidden: frozenset[str]) -> Iterator[Fault]:
    disclosed = cast("FormulaOptions", formula.declaration).discloses
    name = f"{subject.name}.{formula.name}"
    for told in sorted(_hidden_inputs(subject, formula.name, hidden) - set(disclosed)):
        message = f"`{name}` is computed from `{told}`, which this set hides from its readers."
        hint = f"Hide `{name}` too, or have it say `discloses: [{told}]`."
        yield Fault(hiding_place(document, f"{subject.name}.{told}"), Code.DISCLOSURE, message, hint)


def _hidden_inputs(subject: Object, name: str, hidden: frozenset[str]) -> set[str]:
    """Returns the hidden fields that a formula tells of: what a readable formula among its inputs tells, that one answers for."""
    found: set[str] = set()
    left = [name]
    while left:
        formula = subject.fields[left.pop()].shape.formula
        for used in formula.inputs if formula is not None else ():
            if used in hidden and used not in found:
                found.add(used)
                left.append(used)
    return found
