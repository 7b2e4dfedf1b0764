"""Expansions: the `expand` of a query document, checked against what its caller may see, becomes a tree of Expansions.

A name leads to one record, by a reference field, or to a list, by the name of the object whose records refer here; a field goes before
an object of the same name. Refuses names that lead nowhere, hidden ones among them, keys that do not fit, and trees too deep or wide.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

import msgspec
from msgspec import UNSET

from fieldstone.errors import Invalid
from fieldstone.query.ast import EVERYTHING, NOTHING, Expansion, Filter, OrderKey
from fieldstone.query.names import did_you_mean, shown
from fieldstone.query.order import ID_ALONE, parse_order
from fieldstone.query.paths import unknown_field
from fieldstone.query.projection import parse_fields
from fieldstone.query.storage import ObjectShape
from fieldstone.query.viewpoint import Related, Viewpoint
from fieldstone.query.where import Conditions
from fieldstone.settings import Limits

DEFAULT_LIST = 50
"""The most records of a list for each record that it hangs on, unless said."""

KEYS: Mapping[str, str] = {
    "fields": "The fields to answer; all readable ones unless said. `select` is the same.",
    "where": "A condition: what does not satisfy it is left out of a list, and leaves the id of a reference as it stands.",
    "orderBy": "The order of a list; by `id` unless said.",
    "limit": f"The most records of a list for each record that it hangs on, {DEFAULT_LIST} unless said; a larger one than the "
    "object's `maxPageSize` is cut to it.",
    "expand": "What to expand within.",
}
"""The keys of what a name asks for in the map form, with their meaning."""

Expanded = tuple[tuple[Expansion, ...], tuple[Any, ...]]
"""Expansions, and what their slots point to, from slot 1 on."""

NOTHING_EXPANDED: Expanded = ((), ())

_OF_LISTS = frozenset({"orderBy", "limit"})
_FORM = 'Such as `["customer"]` or `{"customer": {"fields": ["name"]}}`.'

_Entries = list[tuple[str, list[str]]]
"""Names of the list form: the place of each in the list, and those of its parts that are still to be followed."""

_Within = Callable[[ObjectShape], tuple[Expansion, ...]]
"""Reads what is expanded within records of a shape."""


class _Lead(msgspec.Struct, frozen=True):
    """Where a name leads: to the record of `object` that `field` points to, or to each of `many`, or to a list of those that refer here."""

    object: str
    field: str
    listed: bool
    many: bool = False


def parse_expand(expand: Any, shape: ObjectShape, limits: Limits, viewpoint: Viewpoint) -> Expanded:
    """Returns what a list of names, or a map, asks to be expanded in records of a shape; raises Invalid."""
    expansions = Expansions(limits, viewpoint)
    return expansions.read(expand, shape), expansions.values


class Expansions:
    """Reads the expansions of one query."""

    __slots__ = ("_count", "_limits", "_values", "_viewpoint")

    def __init__(self, limits: Limits, viewpoint: Viewpoint) -> None:
        """Takes how much may be asked, and for whom."""
        self._limits = limits
        self._viewpoint = viewpoint
        self._values: list[Any] = [()]
        self._count = 0

    @property
    def values(self) -> tuple[Any, ...]:
        """What the slots of all that was read point to, from slot 1 on."""
        return tuple(self._values[1:])

    def read(self, expand: Any, shape: ObjectShape) -> tuple[Expansion, ...]:
        """Returns what is asked to be expanded in records of a shape."""
        return self._read(1, expand, shape)

    def _read(self, depth: int, expand: Any, shape: ObjectShape) -> tuple[Expansion, ...]:
        with _inside("expand"):
            if depth > self._limits.relation_depth:
                raise self._too_deep()
            if type(expand) is dict:
                return tuple([self._keyed(name, asked, shape, depth) for name, asked in expand.items()])
            if type(expand) is not list:
                raise _invalid("`expand` is a list of names, or an object of names and what each asks for.", _FORM)
            if len(expand) > self._limits.expand_names:
                raise self._too_many()
            entries = [(str(place), self._parts(place, name, shape, depth)) for place, name in enumerate(expand)]
            return self._listed(entries, shape)

    def _parts(self, place: int, name: Any, shape: ObjectShape, depth: int) -> list[str]:
        with _inside(str(place)):
            if type(name) is not str:
                raise unknown_field(shape, name, "")
            if name.count(".") > self._limits.relation_depth - depth:
                raise self._too_deep()
            return name.split(".")

    def _listed(self, entries: _Entries, shape: ObjectShape) -> tuple[Expansion, ...]:
        heads: dict[str, _Entries] = {}
        for place, (head, *rest) in entries:
            heads.setdefault(head, []).append((place, rest))
        expansions = []
        for name, tails in heads.items():
            with _inside(tails[0][0]):
                lead = self._lead(name, shape)
            deeper = [(place, parts) for place, parts in tails if parts]
            expansions.append(self._expansion(name, lead, {}, partial(self._listed, deeper)))
        return tuple(expansions)

    def _keyed(self, name: Any, asked: Any, shape: ObjectShape, depth: int) -> Expansion:
        with _inside(shown(name)):
            lead = self._lead_by_field(name, shape) or self._lead(name, shape)
            if type(asked) is not dict:
                raise _invalid(f"What `{shown(name)}` asks for is an object, perhaps an empty one.", _FORM)
            known = _known_keys(name, asked, lead)
            within = partial(self._read, depth + 1, known["expand"]) if "expand" in known else _nothing_within
            return self._expansion(name, lead, known, within)

    def _expansion(self, name: str, lead: _Lead, asked: Mapping[str, Any], within: _Within) -> Expansion:
        self._count += 1
        if self._count > self._limits.expand_names:
            raise self._too_many()
        related = self._viewpoint.related(lead.object) or Related(ObjectShape(lead.object, {}), NOTHING, 0)
        shape = related.shape
        where = self._where(asked["where"], shape) if "where" in asked else EVERYTHING
        expand = within(shape)
        return Expansion(
            name=name,
            object=lead.object,
            field=lead.field,
            columns=parse_fields(asked.get("fields", UNSET), shape, references(expand)),
            where=where,
            order=self._order(asked, shape) if lead.listed else (),
            most=self._most(asked, related) if lead.listed else None,
            expand=expand,
            many=lead.many,
        )

    def _where(self, where: Any, shape: ObjectShape) -> Filter:
        return Conditions(shape, self._limits, self._values, self._viewpoint).tree(where)

    def _order(self, asked: Mapping[str, Any], shape: ObjectShape) -> tuple[OrderKey, ...]:
        if "orderBy" not in asked:
            return ID_ALONE
        return parse_order(asked["orderBy"], shape, self._limits, self._viewpoint)

    def _most(self, asked: Mapping[str, Any], related: Related) -> int:
        """Returns the slot of the most records of a list."""
        limit = asked.get("limit", DEFAULT_LIST)
        if type(limit) is not int or limit < 1:
            raise _invalid("`limit` is a whole number above zero.", path="limit")
        self._values.append(min(limit, related.max_page))
        return len(self._values) - 1

    def _lead(self, name: Any, shape: ObjectShape) -> _Lead:
        field = shape.fields.get(name) if type(name) is str else None
        target = field and (field.reference or field.members)
        if field is not None and target:
            return _Lead(target, field.name, listed=False, many=field.reference is None)
        referrers = self._viewpoint.referrers(shape.name)
        by = referrers.get(name, ()) if type(name) is str else ()
        named = f'Name one, in the map form: {{"{name}.{by[0]}": {{}}}}.' if by else None
        if field is not None:
            raise Invalid(f"`{name}` does not refer to another object.", reason="INVALID_FIELD", path="", hint=named)
        if not by:
            raise unknown_field(shape, name, "", more=tuple(referrers))
        if len(by) > 1:
            fields = ", ".join(f"`{each}`" for each in by[:-1])
            message = f"`{name}` refers to `{shape.name}` by {fields} and `{by[-1]}`."
            raise Invalid(message, reason="INVALID_FIELD", path="", hint=named)
        return _Lead(name, by[0], listed=True)

    def _lead_by_field(self, name: Any, shape: ObjectShape) -> _Lead | None:
        """Returns where `object.field` leads; None for a name that is not of this form, or leads nowhere."""
        object_name, _, field = name.partition(".") if type(name) is str else ("", "", "")
        found = field in self._viewpoint.referrers(shape.name).get(object_name, ()) if field else False
        return _Lead(object_name, field, listed=True) if found else None

    def _too_many(self) -> Invalid:
        return _invalid(f"A query expands at most {self._limits.expand_names} names.")

    def _too_deep(self) -> Invalid:
        return _invalid(f"`expand` goes at most {self._limits.relation_depth} levels deep.")


def references(expand: tuple[Expansion, ...]) -> list[str]:
    """Returns the reference fields that are expanded: they are among what is answered."""
    return [expansion.field for expansion in expand if not expansion.listed]


def _nothing_within(_shape: ObjectShape) -> tuple[Expansion, ...]:
    return ()


def _known_keys(name: str, asked: dict[str, Any], lead: _Lead) -> dict[str, Any]:
    known: dict[str, Any] = {}
    for sent, value in asked.items():
        key = "fields" if sent == "select" else sent
        if key not in KEYS:
            raise _invalid(f"An expansion has no key `{shown(sent)}`.", did_you_mean(sent, KEYS), shown(sent))
        if key in _OF_LISTS and not lead.listed:
            raise _invalid(f"`{shown(name)}` is a reference, so that `{key}` means nothing.", path=key)
        if key in known and known[key] != value:
            raise _invalid("`fields` and `select` are the same key and differ.", path=sent)
        known[key] = value
    return known


@contextmanager
def _inside(key: str) -> Iterator[None]:
    """Lets a refusal within tell its path from one key further out."""
    try:
        yield
    except Invalid as refused:
        path = refused.details.get("path")
        refused.details["path"] = f"{key}.{path}" if path else key
        raise


def _invalid(message: str, hint: str | None = None, path: str = "") -> Invalid:
    return Invalid(message, reason="INVALID_QUERY", path=path, hint=hint)
