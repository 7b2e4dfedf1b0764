"""Records on a surface: ids with their prefixes on the way out and without them on the way in, in reference fields and conditions too.

Refuses an id that does not begin as the ids of its object do.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from fieldstone.errors import FieldFault, Invalid, NotFound
from fieldstone.query.document import QueryDocument
from fieldstone.registry.catalog import Object
from fieldstone.surfaces.http.encode import record_type

Row = Sequence[Any]


class RecordCodec:
    """How the records of one object are written and read on one surface."""

    def __init__(self, declared: Object, prefixes: Mapping[str, str], codecs: Mapping[str, "RecordCodec"]) -> None:
        """Takes the object, the prefix of every object's ids, and every object's codec, filled in by the time of the first record."""
        targets = {"id": declared.name} | {
            name: field.reference for name, field in declared.fields.items() if field.reference
        }
        self._name = declared.name
        self._prefix = prefixes[declared.name]
        self._prefixes = {name: prefixes[target] for name, target in targets.items() if prefixes[target]}
        self._targets = targets
        self._codecs = codecs
        self._plain = not any(prefixes.values())

    def record(self, columns: tuple[str, ...], row: Row) -> Any:
        """Returns a row as a value that encodes to an object."""
        return record_type(columns)(*(row if self._plain else self._dressed(columns, row)))

    def records(self, columns: tuple[str, ...], rows: Sequence[Row]) -> list[Any]:
        """Returns rows as values that encode to objects."""
        make = record_type(columns)
        if self._plain:
            return [make(*row) for row in rows]
        return [make(*self._dressed(columns, row)) for row in rows]

    def shown(self, record_id: str) -> str:
        """Returns an id as it is written on this surface."""
        return self._prefix + record_id

    def bare(self, shown: str) -> str:
        """Returns the id behind one in a path; raises NotFound when it cannot be one of this object's."""
        if not shown.startswith(self._prefix):
            raise NotFound(f"No {self._name} `{shown}`.", details={"object": self._name, "id": shown})
        return shown[len(self._prefix) :]

    def bare_values(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Returns the values of a body with bare ids; raises Invalid with all ids that are wrong."""
        if not self._prefixes:
            return values
        faults: list[FieldFault] = []
        bare = {}
        for name, value in values.items():
            prefix = self._prefixes.get(name)
            bare[name] = value
            if prefix is None or not isinstance(value, str):
                continue
            if value.startswith(prefix):
                bare[name] = value[len(prefix) :]
            else:
                faults.append(FieldFault(name, "invalid_value", f"Such an id begins with `{prefix}`."))
        if faults:
            raise Invalid("An id is not valid.", faults=faults)
        return bare

    def bare_query(self, query: QueryDocument) -> QueryDocument:
        """Returns a query with bare ids in its conditions."""
        if not self._prefixes:
            return query
        equals = {name: self._comparand(name, value) for name, value in query.equals.items()}
        return msgspec.structs.replace(query, where=self._condition(query.where), equals=equals)

    def _dressed(self, columns: tuple[str, ...], row: Row) -> list[Any]:
        dressed = list(row)
        for index, column in enumerate(columns):
            value = dressed[index]
            if column in self._targets and value is not None:
                dressed[index] = self._dressed_reference(column, value)
        return dressed

    def _dressed_reference(self, column: str, value: Any) -> Any:
        if isinstance(value, str):
            return self._prefixes.get(column, "") + value
        target = self._codecs[self._targets[column]]
        return dict(zip(value, target._dressed(tuple(value), list(value.values())), strict=True))

    def _condition(self, node: Any) -> Any:
        """Returns a condition tree with bare ids; what is not well formed stays as it is."""
        if isinstance(node, dict):
            return {key: self._entry(key, value) for key, value in node.items()}
        if isinstance(node, list):
            return [self._condition(item) for item in node]
        return node

    def _entry(self, key: str, value: Any) -> Any:
        if key.startswith("$"):
            return self._condition(value)
        return self._comparand(key, value)

    def _comparand(self, field: str, value: Any) -> Any:
        prefix = self._prefixes.get(field)
        if prefix is None:
            return value
        return _each_text(value, lambda text: self._bare_comparand(field, prefix, text))

    def _bare_comparand(self, field: str, prefix: str, text: str) -> str:
        if not text.startswith(prefix):
            raise Invalid(f"The ids of `{field}` begin with `{prefix}`.", reason="INVALID_FILTER", path=field)
        return text[len(prefix) :]


def _each_text(value: Any, change: Callable[[str], str]) -> Any:
    """Returns a comparand with every text in it changed: a plain one, a list of them, or under operators (not a `$field`)."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_each_text(item, change) for item in value]
    if isinstance(value, dict):
        return {key: item if key == "$field" else _each_text(item, change) for key, item in value.items()}
    return value
