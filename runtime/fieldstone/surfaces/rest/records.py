"""Records on a surface: ids with their prefixes on the way out and without them on the way in, in reference fields and conditions too.

Refuses an id that does not begin as the ids of its object do, in fields that its sender may name; others are the door's to refuse.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import msgspec

from fieldstone.errors import FieldFault, Invalid, NotFound
from fieldstone.query.ast import Expansion, with_lists
from fieldstone.query.document import QueryDocument
from fieldstone.query.stand_ins import is_token
from fieldstone.registry.catalog import Object
from fieldstone.surfaces.http.encode import record_type

Row = Sequence[Any]
Dress = Callable[[Any], Any]
"""Brings a value, which is not null, to how it is written on a surface."""

Names = Callable[[str], frozenset[str]]
"""Returns the fields of an object, by its name, that may be named to whoever asks."""

PrefixAt = Callable[[str], str | None]
"""Returns what stands before the ids that a name in a condition means; None for a name that means none."""

_DEEPEST = 8
"""How far names and expansions are followed here; what goes further is refused by the engine."""


class RecordCodec:
    """How the records of one object are written and read on one surface; `plain` says that ids stand there as they are."""

    def __init__(self, declared: Object, prefixes: Mapping[str, str], codecs: Mapping[str, "RecordCodec"]) -> None:
        """Takes the object, the prefix of every object's ids, and every object's codec, filled in by the time of the first record."""
        targets = {"id": declared.name} | {
            name: field.reference for name, field in declared.fields.items() if field.reference
        }
        self._name = declared.name
        self._prefix = prefixes[declared.name]
        self._every_prefix = prefixes
        self._prefixes = {name: prefixes[target] for name, target in targets.items() if prefixes[target]}
        self._targets = targets
        self._codecs = codecs
        self.plain = not any(prefixes.values())

    def record(self, columns: tuple[str, ...], row: Row, expand: tuple[Expansion, ...] = ()) -> Any:
        """Returns a row, with what is expanded in it, as a value that encodes to an object."""
        return record_type(columns)(*row) if self.plain else self.records(columns, [row], expand)[0]

    def records(self, columns: tuple[str, ...], rows: Sequence[Row], expand: tuple[Expansion, ...] = ()) -> list[Any]:
        """Returns rows, with what is expanded in them, as values that encode to objects."""
        make = record_type(columns)
        if self.plain:
            return [make(*row) for row in rows]
        dresses = [self._dress(column, expand) for column in columns]
        return [make(*map(_dressed, dresses, row)) for row in rows]

    def groups(self, columns: tuple[str, ...], rows: Sequence[Row], targets: Mapping[str, str]) -> list[Any]:
        """Returns groups as values that encode to objects; `targets` names the object of the ids that a column holds."""
        make = record_type(columns)
        prefixes = [self._every_prefix[targets[name]] if name in targets else "" for name in columns]
        return [make(*map(_prefixed, prefixes, row)) for row in rows]

    def shown_value(self, column: str, value: Any) -> Any:
        """Returns one value of a record as it is written on this surface."""
        return _dressed(self.dress(column), value)

    def dress(self, column: str) -> Dress | None:
        """Returns what brings the values of a column to how they are written on this surface; None for those that stay as they are."""
        return self._dress(column, ())

    def shown(self, record_id: str) -> str:
        """Returns an id as it is written on this surface."""
        return self._prefix + record_id

    def bare(self, shown: str) -> str:
        """Returns the id behind one in a path; raises NotFound when it cannot be one of this object's."""
        if not shown.startswith(self._prefix):
            raise NotFound(f"No {self._name} `{shown}`.", details={"object": self._name, "id": shown})
        return shown[len(self._prefix) :]

    def bare_values(self, values: Mapping[str, Any], known: Names) -> Mapping[str, Any]:
        """Returns the values of a body with bare ids; raises Invalid with all ids that are wrong."""
        if not self._prefixes:
            return values
        named = known(self._name)
        faults: list[FieldFault] = []
        bare = {}
        for name, value in values.items():
            prefix = self._prefixes.get(name)
            bare[name] = value
            if prefix is None or name not in named or not isinstance(value, str | list):
                continue
            texts = [text for text in ([value] if isinstance(value, str) else value) if isinstance(text, str)]
            if all(text.startswith(prefix) for text in texts):
                bare[name] = _each_text(value, partial(_cut, len(prefix)))
            else:
                faults.append(FieldFault(name, "invalid_value", f"Such an id begins with `{prefix}`."))
        if faults:
            raise Invalid("An id is not valid.", faults=faults)
        return bare

    def bare_cells(self, names: Sequence[str], cells: Row) -> Row:
        """Returns cells with bare ids, those of named fields that hold ids; what does not begin as an id does may be a name, and stays."""
        if not self._prefixes:
            return cells
        prefixes = [self._prefixes.get(name, "") for name in names]
        return tuple(
            _each_text(cell, partial(_without, prefix)) if prefix else cell
            for cell, prefix in zip(cells, prefixes, strict=True)
        )

    def bare_query(self, query: QueryDocument, readable: Names) -> QueryDocument:
        """Returns a query with bare ids in its conditions, in those of its expansions too."""
        if self.plain:
            return query
        prefixes = partial(self._prefix_at, readable)
        try:
            return msgspec.structs.replace(
                query,
                where=_bare_condition(query.where, prefixes),
                equals={name: _bare_comparand(name, value, prefixes) for name, value in query.equals.items()},
                expand=self.bare_expand(query.expand, readable),
                aggregations=_bare_filters(query.aggregations, prefixes),
                having=_bare_condition(query.having, self._group_prefixes(query, readable).get),
            )
        except RecursionError:
            raise Invalid("The query is nested too deep.", reason="INVALID_QUERY") from None

    def bare_expand(self, expand: Any, readable: Names) -> Any:
        """Returns expansions with bare ids in their conditions; what is not well formed, or too deep, stays as it is."""
        return expand if self.plain else self._bare_expand(expand, readable, _DEEPEST)

    def _bare_expand(self, expand: Any, readable: Names, levels: int) -> Any:
        if not isinstance(expand, dict) or not levels:
            return expand
        return {name: self._bare_asked(name, asked, readable, levels) for name, asked in expand.items()}

    def _bare_asked(self, name: str, asked: Any, readable: Names, levels: int) -> Any:
        target = self._codecs.get(self._targets.get(name) or name.partition(".")[0])
        if target is None or not isinstance(asked, dict):
            return asked
        if name in self._targets and name not in readable(self._name):
            return asked
        changed = {}
        if "where" in asked:
            changed["where"] = _bare_condition(asked["where"], partial(target._prefix_at, readable))
        if "expand" in asked:
            changed["expand"] = target._bare_expand(asked["expand"], readable, levels - 1)
        return asked | changed

    def _prefix_at(self, readable: Names, path: str) -> str | None:
        """Returns what stands before the ids in a field, perhaps at the end of a path; None where nothing does, and for hidden ones."""
        *references, field = path.split(".") if path.count(".") <= _DEEPEST else [path]
        codec = self
        for reference in references:
            target = self._codecs.get(codec._targets.get(reference, ""))
            if target is None or reference not in readable(codec._name):
                return None
            codec = target
        return codec._prefixes.get(field) if field in readable(codec._name) else None

    def _group_prefixes(self, query: QueryDocument, readable: Names) -> Mapping[str, str]:
        """Returns the prefixes of the ids that groups hold, by group name or alias."""
        prefixes = {}
        for part in (*_items(query.group_by), *_items(query.aggregations)):
            field = part.get("field") if isinstance(part, dict) else part
            name = part.get("alias", field) if isinstance(part, dict) else part
            prefix = self._prefix_at(readable, field) if isinstance(field, str) and field in self._prefixes else None
            if isinstance(name, str) and prefix is not None:
                prefixes[name] = prefix
        return prefixes

    def _dress(self, column: str, expand: tuple[Expansion, ...]) -> Dress | None:
        """Returns what brings the values of a column to how they are written on this surface; None for those that stay as they are."""
        prefix = self._prefixes.get(column, "")
        for expansion in expand:
            if expansion.name == column:
                return self._codecs[expansion.object]._nested(prefix, expansion)
        return partial(_prefixed, prefix) if prefix else None

    def _nested(self, prefix: str, expansion: Expansion) -> Dress:
        """Returns what dresses expanded records of this object, and ids that stand in their place."""
        names = with_lists(expansion.columns, expansion.expand)
        dresses = {name: self._dress(name, expansion.expand) for name in names}

        def dressed(value: Any) -> Any:
            if isinstance(value, dict):
                return {name: _dressed(dresses[name], item) for name, item in value.items()}
            return [dressed(item) for item in value] if isinstance(value, list) else prefix + value

        return dressed


def _dressed(dress: Dress | None, value: Any) -> Any:
    return value if dress is None or value is None else dress(value)


def _bare_condition(node: Any, prefixes: PrefixAt) -> Any:
    """Returns a condition, in tree or array form, with bare ids; what is not well formed stays as it is."""
    if isinstance(node, dict):
        return {
            key: _bare_condition(value, prefixes) if key.startswith("$") else _bare_comparand(key, value, prefixes)
            for key, value in node.items()
        }
    if isinstance(node, list):
        if len(node) == 3 and isinstance(node[0], str) and isinstance(node[1], str):
            return [*node[:2], _bare_comparand(node[0], node[2], prefixes)]
        return [_bare_condition(item, prefixes) for item in node]
    return node


def _bare_filters(aggregations: Any, prefixes: PrefixAt) -> Any:
    if not isinstance(aggregations, list):
        return aggregations
    return [
        entry | {"filter": _bare_condition(entry["filter"], prefixes)}
        if isinstance(entry, dict) and "filter" in entry
        else entry
        for entry in aggregations
    ]


def _bare_comparand(field: str, value: Any, prefixes: PrefixAt) -> Any:
    prefix = prefixes(field)
    return value if prefix is None else _each_text(value, lambda text: _bare_id(field, prefix, text))


def _bare_id(field: str, prefix: str, text: str) -> str:
    if is_token(text):
        return text
    if not text.startswith(prefix):
        raise Invalid(f"The ids of `{field}` begin with `{prefix}`.", reason="INVALID_FILTER", path=field)
    return text[len(prefix) :]


def _items(sent: Any) -> list[Any]:
    return sent if isinstance(sent, list) else []


def _prefixed(prefix: str, value: Any) -> Any:
    """Returns an id, or each of a list of ids, behind a prefix."""
    if isinstance(value, msgspec.Raw):
        value = msgspec.json.decode(value)
    return _each_text(value, prefix.__add__) if prefix else value


def _without(prefix: str, text: str) -> str:
    return text.strip().removeprefix(prefix)


def _cut(length: int, text: str) -> str:
    return text[length:]


def _each_text(value: Any, change: Callable[[str], str]) -> Any:
    """Returns a comparand with every text in it changed: a plain one, a list of them, or under operators (not what stands for a value)."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_each_text(item, change) for item in value]
    if isinstance(value, dict):
        return {key: item if key in ("$field", "$cel") else _each_text(item, change) for key, item in value.items()}
    return value
