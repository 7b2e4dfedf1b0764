"""Documents that ask for groups become GroupQueries: what is grouped by, what is computed, and what is asked of the groups.

Names are looked up as in any query: among what the caller may see, paths under the policies on their way. `having` and `orderBy` see the
names of groups and the aliases alone. Refuses keys that are about records, and whatever it cannot apply (contract 1.7).
"""

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from fieldstone.errors import Invalid
from fieldstone.query.ast import EVERYTHING, Aggregation, GroupKey, GroupQuery, Measure, OrderKey, Slot, conjunction
from fieldstone.query.buckets import BUCKETS, DATED, bucket_shape, zone_names
from fieldstone.query.comparison import HOLDS
from fieldstone.query.document import QueryDocument
from fieldstone.query.measures import MEASURES, ROW, MeasureFunction
from fieldstone.query.names import did_you_mean, shown
from fieldstone.query.operators import SCALARS
from fieldstone.query.order import sort_keys
from fieldstone.query.parse import parse_paging
from fieldstone.query.paths import Paths, Reached
from fieldstone.query.search import parse_search
from fieldstone.query.storage import FieldShape, ObjectShape, StorageClass
from fieldstone.query.viewpoint import NOWHERE, UTC, Viewpoint
from fieldstone.query.where import Conditions
from fieldstone.settings import Limits

UNSET = msgspec.UNSET
GROUPS = "groups"
"""What messages call the thing that `having` and `orderBy` are asked of."""

_FURTHER = "Order the groups the other way, or ask for fewer of them by `where` or `having`."
_ALIAS = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}", re.ASCII)
_GROUP_KEYS = ("field", "dateGranularity", "alias")
_AGGREGATION_KEYS = ("function", "field", "alias", "filter")


def parse_groups(
    document: QueryDocument,
    shape: ObjectShape,
    limits: Limits,
    viewpoint: Viewpoint,
    *,
    max_page: int,
    default_page: int,
) -> GroupQuery:
    """Returns the checked query of a document that asks for groups; a limit above `max_page` is cut to it. Raises Invalid."""
    _refuse_keys_of_records(document)
    limit, offset, _ = parse_paging(document, limits, max_page, default_page, _FURTHER)
    parts = _Parts(shape, limits, viewpoint, _zone(document, viewpoint))
    where = EVERYTHING if document.where is UNSET else parts.conditions.tree(document.where)
    if document.equals:
        where = conjunction(where, parts.conditions.equalities(document.equals, ()))
    where = conjunction(where, parse_search(document, shape, limits, parts.values))
    groups = parts.groups(document)
    measures = parts.measures(document.aggregations)
    if not groups and not measures:
        raise _refused("A query for groups names fields in `groupBy`, or `aggregations`.", "groupBy")
    if document.timezone is not UNSET and not parts.uses_zone:
        raise _refused("`timezone` tells when days begin, and nothing is grouped by days of instants.", "timezone")
    shapes = ObjectShape(GROUPS, parts.shapes)
    having = EVERYTHING
    if document.having is not UNSET:
        unrelated = msgspec.structs.replace(viewpoint, related=NOWHERE.related)
        having = Conditions(shapes, limits, parts.values, unrelated).tree(document.having, "having")
    order = _order(document.order_by, shapes, groups, limits)
    return GroupQuery(
        aggregation=Aggregation(shape.name, groups, measures, where, having, order, shifted=offset > 0),
        values=tuple(parts.values),
        targets=parts.targets,
        limit=limit,
        offset=offset,
        count=document.count,
    )


class _Parts:
    """Reads groups and measures: `shapes` holds what each name answers, `targets` whose ids, `values` what their conditions bind."""

    def __init__(self, shape: ObjectShape, limits: Limits, viewpoint: Viewpoint, zone: str) -> None:
        self.values: list[Any] = []
        self.shapes: dict[str, FieldShape] = {}
        self.targets: dict[str, str] = {}
        self.conditions = Conditions(shape, limits, self.values, viewpoint)
        self.uses_zone = False
        self._object = shape.name
        self._limits = limits
        self._paths = Paths(shape, viewpoint.related, limits.relation_depth)
        self._zone = zone
        self._zone_slot: Slot | None = None

    def groups(self, document: QueryDocument) -> tuple[GroupKey, ...]:
        """Returns what is grouped by: `groupBy`, or the fields whose different values are asked for."""
        key, entries = ("fields", document.fields) if document.distinct is not False else ("groupBy", document.group_by)
        if entries is UNSET:
            return ()
        if type(entries) is not list:
            raise _refused(f"`{key}` is a list.", key)
        if len(entries) > self._limits.group_keys:
            raise _refused(f"At most {self._limits.group_keys} names can be grouped by.", key)
        return tuple(self._group(entry, f"{key}.{index}") for index, entry in enumerate(entries))

    def measures(self, aggregations: Any) -> tuple[Measure, ...]:
        """Returns what is computed."""
        if aggregations is UNSET:
            return ()
        if type(aggregations) is not list:
            raise _refused("`aggregations` is a list.", "aggregations")
        if len(aggregations) > self._limits.aggregations:
            raise _refused(f"`aggregations` holds at most {self._limits.aggregations}.", "aggregations")
        return tuple(self._measure(entry, f"aggregations.{index}") for index, entry in enumerate(aggregations))

    def _group(self, entry: Any, path: str) -> GroupKey:
        if type(entry) is str:
            entry, field_path = {"field": entry}, path
        else:
            _check_keys(entry, _GROUP_KEYS, ("field",), path)
            field_path = f"{path}.field"
        reached = self._find(entry["field"], field_path)
        name = self._named(entry.get("alias", reached.name), path, given="alias" in entry)
        holds = HOLDS[reached.field.comparison]
        if reached.field.comparison not in SCALARS:
            raise _refused(f"`{reached.name}` holds {holds}, and cannot be grouped by.", field_path)
        nullable = reached.field.nullable or bool(reached.through)
        field = msgspec.structs.replace(reached.field, name=name, nullable=nullable)
        if "dateGranularity" not in entry:
            self.shapes[name] = field
            self._note_target(name, reached)
            return GroupKey(name, reached.column)
        bucket = entry["dateGranularity"]
        if type(bucket) is not str or bucket not in BUCKETS:
            hint = did_you_mean(bucket, BUCKETS) or f"There are {_listed(BUCKETS)}."
            raise _refused(f"`{shown(bucket)}` is no granularity.", f"{path}.dateGranularity", hint)
        if field.comparison not in DATED:
            raise _refused(f"`{reached.name}` holds {holds}, and no days.", field_path)
        self.shapes[name] = bucket_shape(name, field)
        return GroupKey(name, reached.column, bucket, self._slot_of_zone(field))

    def _slot_of_zone(self, field: FieldShape) -> Slot | None:
        """Returns where the time zone stands for the days of a field; None for days that need none, and for UTC."""
        if field.storage.kind is not StorageClass.INSTANT:
            return None
        self.uses_zone = True
        if self._zone_slot is None and self._zone != UTC:
            self.values.append(self._zone)
            self._zone_slot = Slot(len(self.values) - 1)
        return self._zone_slot

    def _measure(self, entry: Any, path: str) -> Measure:
        _check_keys(entry, _AGGREGATION_KEYS, ("function", "alias"), path)
        name = entry["function"]
        function = MEASURES.get(name) if type(name) is str else None
        if function is None:
            hint = did_you_mean(name, MEASURES) or f"There are {_listed(MEASURES)}."
            raise _refused(f"No function `{shown(name)}`.", f"{path}.function", hint)
        alias = self._named(entry["alias"], path, given=True)
        reached = self._field_of(entry, function, path)
        where = self.conditions.tree(entry["filter"], f"{path}.filter") if "filter" in entry else EVERYTHING
        if reached is None:
            self.shapes[alias] = function.shape(alias, ROW)
            return Measure(alias, function.name, None, where)
        self.shapes[alias] = function.shape(alias, reached.field)
        if function.of_values:
            self._note_target(alias, reached)
        return Measure(alias, function.name, reached.column, where)

    def _field_of(self, entry: dict[str, Any], function: MeasureFunction, path: str) -> Reached | None:
        if "field" not in entry:
            if function.of_rows:
                return None
            raise _refused(f"`{function.name}` needs a `field`.", path)
        reached = self._find(entry["field"], f"{path}.field")
        if reached.field.comparison not in function.families:
            holds = HOLDS[reached.field.comparison]
            hint = f"It takes fields that hold {_alternatives(HOLDS[family] for family in sorted(function.families))}."
            raise _refused(
                f"`{function.name}` does not fit `{reached.name}`, which holds {holds}.", f"{path}.field", hint
            )
        return reached

    def _find(self, name: Any, path: str) -> Reached:
        return self._paths.reach(name, path, reason="INVALID_QUERY")

    def _note_target(self, name: str, reached: Reached) -> None:
        """Notes of which object a name answers ids, if it does."""
        target = reached.field.reference
        if reached.field.name == "id":
            target = reached.through[-1].object if reached.through else self._object
        if target is not None:
            self.targets[name] = target

    def _named(self, name: Any, path: str, *, given: bool) -> str:
        """Returns the name of a part, which no other may have; one that was given is an alias."""
        if given and (type(name) is not str or not _ALIAS.fullmatch(name)):
            message = "An alias is a name of letters, digits and underscores, 64 characters at most."
            raise _refused(message, f"{path}.alias")
        if name in self.shapes:
            raise _refused(f"`{name}` is the name of two things.", path, "Give one of them another `alias`.")
        return str(name)


def _refuse_keys_of_records(document: QueryDocument) -> None:
    if document.cursor is not UNSET:
        raise _refused("Groups have no cursor.", "cursor", "Page them by `offset`.")
    if document.expand is not UNSET:
        raise _refused("Groups have nothing to expand.", "expand", "Group by a path such as `customer.name`.")
    if type(document.distinct) is not bool:
        raise _refused("`distinct` is `true` or `false`.", "distinct")
    grouped = document.group_by is not UNSET or document.aggregations is not UNSET
    if document.distinct and grouped:
        raise _refused("`distinct` stands for a `groupBy` of its `fields`.", "distinct", "Send one of the two.")
    if document.distinct and (document.fields is UNSET or document.fields == []):
        raise _refused("`distinct` needs `fields`, whose different values are answered.", "fields")
    if not document.distinct and document.fields is not UNSET:
        raise _refused("Groups answer what `groupBy` and `aggregations` name.", "fields", "Leave `fields` out.")


def _zone(document: QueryDocument, viewpoint: Viewpoint) -> str:
    zone = document.timezone
    if zone is UNSET:
        return viewpoint.timezone
    if type(zone) is not str or zone not in zone_names():
        hint = did_you_mean(zone, zone_names()) or "It is a name such as `Europe/Paris`."
        raise _refused(f"No time zone `{shown(zone)}`.", "timezone", hint)
    return zone


def _order(order_by: Any, shape: ObjectShape, groups: Iterable[GroupKey], limits: Limits) -> tuple[OrderKey, ...]:
    """Returns the sort keys; the groups' own names end them, so that every order is whole."""
    keys = {} if order_by is UNSET else sort_keys(order_by, shape, limits, NOWHERE)
    for group in groups:
        keys.setdefault(group.name, OrderKey(group.name))
    return tuple(keys.values())


def _check_keys(entry: Any, known: tuple[str, ...], needed: tuple[str, ...], path: str) -> None:
    if type(entry) is not dict:
        raise _refused(f"This is an object of {_listed(known)}.", path)
    for key in entry:
        if key not in known:
            raise _refused(f"There is no key `{shown(key)}`.", f"{path}.{shown(key)}", did_you_mean(key, known))
    for key in needed:
        if key not in entry:
            raise _refused(f"`{key}` is missing.", path)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _alternatives(texts: Iterable[str]) -> str:
    *most, last = texts
    return f"{', '.join(most)} or {last}" if most else last


def _refused(message: str, path: str, hint: str | None = None) -> Invalid:
    return Invalid(message, reason="INVALID_QUERY", path=path, hint=hint)
