"""Disclosures of formulas: one that a permission set leaves readable tells of no field that the set hides or masks, unless it says so.

Each set is looked at by itself (DESIGN.md, "Declared disclosures"): what two sets together open is open.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import cast

import msgspec

from fieldstone.errors import Fault
from fieldstone.kinds.fields.formula import FormulaOptions
from fieldstone.kinds.permission import PermissionDeclaration
from fieldstone.registry.catalog import Field, Object
from fieldstone.registry.codes import Code
from fieldstone.registry.disclosures import hidden_fields, hiding_place
from fieldstone.registry.documents import Document
from fieldstone.registry.granted import grant_in, lets_read


class _Computed(msgspec.Struct, frozen=True, eq=False):
    """An object with its formulas, and the names of these and of all that they are computed from.

    Where none of these is `guarded`, by a capability or a mask, nothing but a rule of a set hides one.
    """

    subject: Object
    formulas: Sequence[Field]
    concerned: Collection[str]
    guarded: bool


Computed = Sequence[_Computed]


def computed_in(objects: Iterable[Object]) -> Computed:
    """Returns those objects that have formulas, with these."""
    found = ((subject, [field for field in subject.fields.values() if field.shape.formula]) for subject in objects)
    return [_computed(subject, formulas) for subject, formulas in found if formulas]


def _computed(subject: Object, formulas: Sequence[Field]) -> _Computed:
    inputs = (field.shape.formula.inputs for field in formulas if field.shape.formula)
    concerned = {field.name for field in formulas}.union(*inputs)
    fields = [subject.fields[name] for name in concerned]
    guarded = any(field.masking is not None or field.declaration.required_permissions for field in fields)
    return _Computed(subject, formulas, concerned, guarded)


def formula_disclosures(document: Document, declaration: PermissionDeclaration, computed: Computed) -> Iterator[Fault]:
    """Yields a fault for every field that a set hides and a formula that it leaves readable tells of."""
    ruled = {key.partition(".")[0] for key in declaration.fields}
    for item in computed:
        subject = item.subject
        if not item.guarded and subject.name not in ruled:
            continue
        grant = grant_in(declaration, subject)
        if grant is None or not lets_read(grant):
            continue
        hidden = hidden_fields(declaration, subject, item.concerned)
        for formula in item.formulas if hidden else ():
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
