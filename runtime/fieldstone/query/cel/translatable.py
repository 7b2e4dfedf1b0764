"""What of an expression the database can compute: where null may come from, and what has no counterpart in SQL.

In SQL one NULL stands for two things that CEL keeps apart: a value that is null, and the failure to have a value. Both are tracked for
every node, so that what would confuse them is refused, with its position, at load. A part that names nothing of `record` is
computed in Python before the statement runs and is bound: for it, only its type matters.
"""

from collections.abc import Callable, Iterator
from decimal import Decimal
from enum import Flag

from fieldstone.query.cel.fault import ExpressionFault
from fieldstone.query.cel.ir import Get, ListLit, Lit, Macro, MapLit, Node, Op, Ref, walk
from fieldstone.query.cel.references import references
from fieldstone.query.cel.signatures import resolve
from fieldstone.query.cel.types import Type

RECORD = "record"
SCALARS = frozenset({"bool", "int", "double", "decimal", "string", "date", "timestamp"})
DECIMAL_PLACES = 18
"""Digits after the point that a decimal may have in the database, and that a constant beside one may have."""

_LISTED = SCALARS - {"decimal"}
_STORED_ITEMS = frozenset({"string", "int", "bool"})
_TAKES_LIST = frozenset({"size", "len", "isBlank", "isEmpty", "has"})
_OF_ONE_SCALE = frozenset({"+", "-", "*", "neg", "abs", "?:", "coalesce"})


class Nul(Flag):
    """What the SQL NULL of a node stands for: a null value, a failure, either, or nothing because it never comes."""

    NEVER = 0
    VALUE = 1
    ERROR = 2
    BOTH = 3


Nullable = Callable[[Ref], bool]


def nullable_by_type(ref: Ref) -> bool:
    """Tells whether a reference may be null, by its checked type."""
    return ref.type.nullable


def is_bound(node: Node, variables: frozenset[str] = frozenset()) -> bool:
    """Tells whether a node names nothing of the record, nor any of the variables that stand for rows in SQL."""
    return all(path[0] != RECORD and path[0] not in variables for path in references(node))


def check_sql(node: Node, nullable: Nullable = nullable_by_type) -> list[ExpressionFault]:
    """Returns every part of an expression that the database cannot compute; none when it can."""
    checker = _Checker(nullable)
    faults = list(checker.faults(node, frozenset()))
    if not faults and node.type.name not in SCALARS:
        return [_fault(node, f"The result is a {_shown(node.type)}, which the database cannot compare")]
    return faults


def nullness(node: Node, nullable: Nullable = nullable_by_type) -> Nul:
    """Returns what the NULL of a node stands for."""
    match node:
        case Lit(value=value):
            return Nul.VALUE if value is None else Nul.NEVER
        case Ref():
            return Nul.VALUE if nullable(node) else Nul.NEVER
        case Get(has=has):
            return Nul.ERROR if has else Nul.BOTH
        case ListLit(items=items):
            return _failing(nullness(item, nullable) & Nul.ERROR for item in items)
        case MapLit(items=pairs):
            return _failing(nullness(part, nullable) & Nul.ERROR for pair in pairs for part in pair)
        case Macro(range=source, cond=cond, value=value):
            return _failing(nullness(part, nullable) for part in (source, cond, value) if part is not None)
        case Op():
            return _of_operation(node, [nullness(arg, nullable) for arg in node.args])
    raise TypeError(f"{type(node).__name__} is no part of an expression")


def _of_operation(node: Op, args: list[Nul]) -> Nul:
    match node.op:
        case "has":
            return Nul.NEVER
        case "==" | "!=" | "isBlank" | "isEmpty":
            return _failing(arg & Nul.ERROR for arg in args)
        case "in":
            return _failing((args[0] & Nul.ERROR, args[1]))
        case "coalesce":
            return (args[0] & Nul.ERROR) | args[1] if args[0] & Nul.VALUE else args[0]
        case "?:":
            return _failing(args[:1]) | args[1] | args[2]
    return _failing([*args, Nul.ERROR if _can_fail(node) else Nul.NEVER])


def _can_fail(node: Op) -> bool:
    """Tells whether an operation may fail on values that are not null; constants were looked at when they were checked."""
    match = resolve(node.op, tuple(arg.type for arg in node.args))
    if match is None or not match.signature.fails:
        return False
    last = node.args[-1] if node.args else None
    if node.op in ("/", "%") and isinstance(last, Lit):
        return last.value in (0, -1)
    return not (len(node.args) == 1 and isinstance(last, Lit) and isinstance(last.value, str))


def _failing(parts: "Iterator[Nul] | list[Nul] | tuple[Nul, ...]") -> Nul:
    return Nul.ERROR if any(parts) else Nul.NEVER


class _Checker:
    def __init__(self, nullable: Nullable) -> None:
        self._nullable = nullable

    def faults(self, node: Node, variables: frozenset[str]) -> Iterator[ExpressionFault]:
        if is_bound(node, variables):
            yield from _bound_faults(node)
        elif isinstance(node, Ref):
            yield from self._reference(node)
        elif isinstance(node, Op):
            yield from self._operation(node, variables)
        elif isinstance(node, Macro):
            yield from self._macro(node, variables)
        else:
            what = (
                "An index or a field of a value" if isinstance(node, Get) else "A list or map with fields of the record"
            )
            yield _fault(node, f"{what} cannot be computed in the database")

    def _reference(self, node: Ref) -> Iterator[ExpressionFault]:
        if node.path[0] == RECORD and len(node.path) > 2:
            yield _fault(
                node, f"`{'.'.join(node.path)}` belongs to another record", "A rule can use fields of its own record"
            )
        elif node.type.name not in SCALARS:
            yield _fault(node, f"A {_shown(node.type)} can only be tested for null or with `in`, `size` and `isBlank`")

    def _operation(self, node: Op, variables: frozenset[str]) -> Iterator[ExpressionFault]:
        if node.op in ("==", "!=") and any(_is_null(arg) for arg in node.args):
            yield from self._null_test(node, variables)
            return
        if node.op in ("&&", "||"):
            for arg in node.args:
                yield from self.faults(arg, variables)
            return
        if node.op in _TAKES_LIST and _is_list_column(node.args[0]):
            return
        if node.op == "in":
            yield from self._membership(node, variables)
            return
        below = [fault for arg in node.args for fault in self.faults(arg, variables)]
        yield from below or self._itself(node, variables)

    def _itself(self, node: Op, variables: frozenset[str]) -> Iterator[ExpressionFault]:
        """Yields what is wrong with an operation whose arguments are right."""
        match = resolve(node.op, tuple(arg.type for arg in node.args))
        if node.op != "has" and (match is None or not match.signature.sql):
            kinds = ", ".join(_shown(arg.type) for arg in node.args)
            yield _fault(node, f"`{node.op}` of ({kinds}) cannot be computed in the database")
            return
        yield from self._mixed_null(node)
        yield from _scale_faults(node, variables)
        if node.type.name == "timestamp" and node.op in ("+", "-"):
            durations = [arg for arg in node.args if arg.type.name == "duration" and not is_bound(arg, variables)]
            yield from (
                _fault(arg, "A duration out of the record cannot be added in the database") for arg in durations
            )

    def _null_test(self, node: Op, variables: frozenset[str]) -> Iterator[ExpressionFault]:
        columns = [arg for arg in node.args if isinstance(arg, Ref) and arg.path[0] == RECORD and len(arg.path) == 2]
        below = [fault for arg in node.args if arg not in columns for fault in self.faults(arg, variables)]
        yield from below or self._mixed_null(node)

    def _mixed_null(self, node: Op) -> Iterator[ExpressionFault]:
        """Yields where a NULL would have to be told apart: null or failure."""
        if node.op not in ("==", "!=", "in", "coalesce", "isBlank", "isEmpty"):
            return
        for arg in node.args[:1] if node.op == "coalesce" else node.args:
            if nullness(arg, self._nullable) == Nul.BOTH:
                yield _fault(arg, "The database cannot tell whether this is null or cannot be computed")
        first, *rest = (nullness(arg, self._nullable) for arg in node.args)
        if node.op == "coalesce" and first & Nul.VALUE and rest[0] & Nul.ERROR:
            yield _fault(node.args[1], "A second value that may fail cannot stand here in the database")

    def _membership(self, node: Op, variables: frozenset[str]) -> Iterator[ExpressionFault]:
        item, container = node.args
        if _is_list_column(container):
            kept = container.type.item
            if not is_bound(item, variables):
                yield _fault(item, "A field cannot be looked for in a list of the record in the database")
            elif kept is None or kept.name not in _STORED_ITEMS or item.type.name != kept.name:
                yield _fault(
                    node, f"A {_shown(item.type)} cannot be looked for in a {_shown(container.type)} in the database"
                )
            return
        below = list(self.faults(item, variables))
        if isinstance(container, ListLit) and not is_bound(container, variables):
            for entry in container.items:
                failing = Nul.ERROR in nullness(entry, self._nullable)
                message = "An item that may fail cannot stand here in the database"
                below += list(self.faults(entry, variables)) or ([_fault(entry, message)] if failing else [])
        else:
            below += self.faults(container, variables)
        yield from below or self._itself(node, variables)

    def _macro(self, node: Macro, variables: frozenset[str]) -> Iterator[ExpressionFault]:
        item = node.range.type.item
        if node.kind not in ("all", "exists"):
            yield _fault(node, f"`{node.kind}` cannot be computed in the database", "`all` and `exists` can")
        elif not is_bound(node.range, variables):
            yield _fault(node.range, f"`{node.kind}` over a list of the record cannot be computed in the database")
        elif item is None or item.name not in _LISTED or item.nullable:
            yield _fault(
                node.range, f"`{node.kind}` over a {_shown(node.range.type)} cannot be computed in the database"
            )
        elif node.cond is not None:
            yield from self.faults(node.cond, variables | {node.var})


def _bound_faults(node: Node) -> Iterator[ExpressionFault]:
    kind = node.type.item if node.type.name == "list" and node.type.item else node.type
    if kind.name not in SCALARS | {"duration", "null"}:
        yield _fault(node, f"A {_shown(node.type)} cannot be handed to the database")
    for part in walk(node):
        if isinstance(part, Lit) and isinstance(part.value, str) and "\0" in part.value:
            yield _fault(part, "No text in the database has a character 0")


def _scale_faults(node: Op, variables: frozenset[str]) -> Iterator[ExpressionFault]:
    """Yields numbers beside a decimal whose digits after the point are not known, or are too many, when SQL is made."""
    if node.type.name != "decimal" or node.op not in _OF_ONE_SCALE:
        return
    for arg in node.args[1:] if node.op == "?:" else node.args:
        if arg.type.name != "decimal" or not is_bound(arg, variables):
            continue
        if references(arg) or not _few_places(arg):
            yield _fault(arg, f"Only a constant of at most {DECIMAL_PLACES} decimal places can be computed with here")


def _few_places(node: Node) -> bool:
    """Tells whether the constants in a node together have few decimal places: as many as their product would have."""
    values = [part.value for part in walk(node) if isinstance(part, Lit)]
    exponents = [int(value.as_tuple().exponent) for value in values if isinstance(value, Decimal)]
    return sum(-exponent for exponent in exponents if exponent < 0) <= DECIMAL_PLACES and max([0, *exponents]) == 0


def _is_null(node: Node) -> bool:
    return isinstance(node, Lit) and node.value is None


def _is_list_column(node: Node) -> bool:
    return isinstance(node, Ref) and node.path[0] == RECORD and len(node.path) == 2 and node.type.name == "list"


def _fault(node: Node, message: str, hint: str | None = None) -> ExpressionFault:
    return ExpressionFault(node.pos, node.end, "NOT_IN_SQL", message, hint)


def _shown(kind: Type) -> str:
    return str(kind).replace("?", "")
