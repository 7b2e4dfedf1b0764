"""Paths along references: `customer.account.name` becomes hops from record to record, and a field at the end.

A path is followed through what the caller may see and nothing else: an object that he may not look at, a field that is hidden from him
and one that does not exist are the same here, and are refused in the same words.
"""

from typing import Any

import msgspec

from fieldstone.errors import Invalid
from fieldstone.query.ast import NOTHING, Column, Exists, FieldValue, Filter, Hop, conjunction
from fieldstone.query.complement import complement, holds_without_values
from fieldstone.query.names import did_you_mean, nearest, shown
from fieldstone.query.storage import FieldShape, ObjectShape
from fieldstone.query.viewpoint import FindRelated, Related

UNFIT_HINT = "Ask by fields that it is computed from."
"""What to do about a formula that only answers can hold."""


class Reached(msgspec.Struct, frozen=True):
    """A field under the name that was sent, and the hops that lead to its record; none for a field of the object itself."""

    name: str
    field: FieldShape
    through: tuple[Hop, ...] = ()

    @property
    def unfit(self) -> str | None:
        """Why the database cannot be asked about the field; None when it can."""
        formula = self.field.formula
        return None if formula is None else formula.unfit

    @property
    def leads_to_many(self) -> bool:
        """Whether the hops lead to several records, so that there is no one value."""
        return any(hop.many for hop in self.through)

    @property
    def column(self) -> Column:
        """The field as a column of a statement."""
        return FieldValue(self.field.name, self.through) if self.through else self.field.name


class Paths:
    """Follows the paths of one query."""

    __slots__ = ("_deepest", "_related", "_shape")

    def __init__(self, shape: ObjectShape, related: FindRelated, deepest: int) -> None:
        """Takes where paths begin, what they may lead to, and how many references one may go through."""
        self._shape = shape
        self._related = related
        self._deepest = deepest

    def find(self, name: Any) -> Reached | None:
        """Returns what a name or path leads to; None when it leads nowhere that may be seen."""
        if type(name) is not str:
            return None
        field = self._shape.fields.get(name)
        if field is not None:
            return Reached(name, field)
        *references, last = name.split(".") if name.count(".") <= self._deepest else [name]
        through: list[Hop] = []
        shape = self._shape
        for reference in references:
            field = shape.fields.get(reference)
            target = self._target(field)
            if field is None or target is None:
                return None
            through.append(Hop(field.name, target.shape.name, target.rows, many=field.reference is None))
            shape = target.shape
        field = shape.fields.get(last)
        return None if field is None else Reached(name, field, tuple(through))

    def refusal(self, name: Any, path: str, *, reason: str = "INVALID_FIELD", more: tuple[str, ...] = ()) -> Invalid:
        """Returns the refusal of a name that leads nowhere; `more` are other names that it may have been meant for."""
        if type(name) is not str or "." not in name:
            return unknown_field(self._shape, name, path, reason=reason, more=more)
        if name.count(".") > self._deepest:
            most = f"{self._deepest} reference{'s' if self._deepest != 1 else ''}"
            return Invalid(f"A path goes through at most {most}.", reason=reason, path=path)
        meant = self._mended(name) or nearest(name, (field for field in self._shape.fields if "." in field))
        return _unknown(self._shape, name, path, reason, f"Did you mean `{meant}`?" if meant else None)

    def reach(self, name: Any, path: str, *, reason: str, unknown: str = "INVALID_FIELD") -> Reached:
        """Returns what a name or path leads to, to be computed with by the database; raises Invalid where that cannot be."""
        reached = self.find(name)
        if reached is None:
            raise self.refusal(name, path, reason=unknown)
        if reached.unfit is not None:
            raise Invalid(reached.unfit, reason=reason, path=path, hint=UNFIT_HINT)
        if reached.leads_to_many:
            raise Invalid(several(reached.name), reason=reason, path=path)
        return reached

    def _target(self, field: FieldShape | None) -> Related | None:
        reference = None if field is None else field.reference or field.members
        return None if reference is None else self._related(reference)

    def _mended(self, name: str) -> str | None:
        """Returns a path with its first wrong name put right, if it leads somewhere then."""
        names = name.split(".")
        shape = self._shape
        for index, part in enumerate(names):
            field = shape.fields.get(part)
            if field is None:
                meant = nearest(part, shape.fields)
                mended = ".".join((*names[:index], meant, *names[index + 1 :])) if meant else ""
                return mended if self.find(mended) else None
            target = self._target(field)
            if target is None:
                return None
            shape = target.shape
        return None


def several(name: str) -> str:
    """Returns the refusal of a path to several records where one value is needed."""
    return f"`{shown(name)}` leads along a list of references to several records, and has no one value."


def unknown_field(
    shape: ObjectShape, name: Any, path: str, *, reason: str = "INVALID_FIELD", more: tuple[str, ...] = ()
) -> Invalid:
    """Returns the refusal of a name that is no visible field, hidden ones included; its hint is made of what is visible."""
    return _unknown(shape, name, path, reason, did_you_mean(name, (*shape.fields, *more)))


def along(through: tuple[Hop, ...], item: Filter) -> Filter:
    """Returns the filter of the records whose path leads to one that satisfies `item`, which names fields of that one alone.

    Where the path ends early, at an absent value or a record that is not there for the caller, the fields at its end count as absent:
    a condition that holds of absent values holds then, and every other does not.
    """
    if not through or item == NOTHING:
        return item
    if holds_without_values(item):
        return complement(along(through, complement(item)))
    for hop in reversed(through):
        item = conjunction(hop.rows, item)
        if item == NOTHING:
            return NOTHING
        item = Exists(hop.object, hop.local, "id", item, many=hop.many)
    return item


def _unknown(shape: ObjectShape, name: Any, path: str, reason: str, hint: str | None) -> Invalid:
    return Invalid(f"No field `{shown(name)}` on `{shape.name}`.", reason=reason, path=path, hint=hint)
