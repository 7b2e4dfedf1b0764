"""Values of expressions in SQL: how each type is spoken on both databases, and how what is bound is handed over.

Within a statement an int on PostgreSQL is a numeric, so that nothing overflows before it is looked at; a decimal on SQLite is a whole
number counted in its last place; a duration is a number of milliseconds.
"""

from collections.abc import Callable
from datetime import timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

import msgspec
import sqlalchemy as sa
from sqlalchemy.sql.elements import Grouping
from sqlalchemy.types import TypeEngine

from fieldstone.late import late_module
from fieldstone.query.cel.fault import Failure
from fieldstone.query.cel.ir import Node
from fieldstone.query.cel.types import Type
from fieldstone.query.cel.values import duration_from
from fieldstone.store.columns import Convert, DialectName, Spelled, json_text

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql
else:
    postgresql = late_module("sqlalchemy.dialects.postgresql")

Value = sa.ColumnElement[Any]
Condition = sa.ColumnElement[bool]

Bind = Callable[[Node, Convert, TypeEngine[Any]], Value]
"""Returns the parameter of a node that names nothing of the record.

The node is computed once for a run, in Python; its value in wire form goes through the conversion unless it is null, and one
that cannot be computed is null. The same node may come with several conversions.
"""

Form = Literal["exact", "floor", "ceiling", "prefix", "suffix", "forth", "back"]
"""What becomes of a value beside its type.

`floor` and `ceiling` round a decimal to the column's scale, for `a < 1.005` is `a < 1.01` on whole hundredths; an `exact` one between two
steps becomes infinite and equals nothing. `prefix` and `suffix` make a pattern for `GLOB`. `forth` and `back` make a duration a modifier
of SQLite's date functions.
"""


LEAST_INTEGER, GREATEST_INTEGER = -(2**63), 2**63 - 1

_EXACT = Context(prec=400)
_INFINITE = float("inf")
_NEVER_EQUAL = (_INFINITE, -_INFINITE)
_GLOB = {"*": "[*]", "?": "[?]", "[": "[[]"}


class SqlColumn(msgspec.Struct, frozen=True, eq=False):
    """A column, or a computed value, with its type; `scale` is that of a decimal (on SQLite: how its whole number is counted)."""

    element: Value
    type: Type
    nullable: bool
    scale: int | None = None


class Scaled(msgspec.Struct, frozen=True, eq=False):
    """A number and its scale: on SQLite it stands for `element / 10 ** scale`; on PostgreSQL the scale is always 0."""

    element: Value
    scale: int = 0


class Conversion(msgspec.Struct, frozen=True):
    """What makes a driver's value of one in wire form that is not null; equal ones do the same."""

    dialect: DialectName
    type: Type
    scale: int = 0
    form: Form = "exact"

    def __call__(self, value: Any) -> Any:
        """Returns the driver's value; None for one that the database cannot hold."""
        if self.type.name != "list" or self.type.item is None:
            return self._scalar(value)
        item = msgspec.structs.replace(self, type=self.type.item)
        items = [None if entry is None else item(entry) for entry in value]
        kept = [entry for entry in items if entry not in _NEVER_EQUAL and (entry is not None or item.type.nullable)]
        return json_text(kept) if self.dialect == "sqlite" else kept

    def _scalar(self, value: Any) -> Any:
        match self.type.name:
            case "string":
                return self._text(value)
            case "bool":
                return int(value) if self.dialect == "sqlite" else value
            case "double":
                return float(value)
            case "decimal":
                return self._decimal(Decimal(value))
            case "timestamp":
                return value if len(value) > 10 else f"{value}T00:00:00.000Z"
            case "duration":
                return self._milliseconds(value)
        return value

    def _text(self, value: str) -> str | None:
        if "\0" in value:
            return None
        if self.form not in ("prefix", "suffix"):
            return value
        literal = "".join(_GLOB.get(character, character) for character in value)
        return f"{literal}*" if self.form == "prefix" else f"*{literal}"

    def _decimal(self, value: Decimal) -> Any:
        if self.dialect == "postgresql":
            return value
        scaled = value.scaleb(self.scale, _EXACT)
        rounding = {"floor": ROUND_FLOOR, "ceiling": ROUND_CEILING}.get(self.form)
        number = int(scaled.to_integral_value(rounding)) if rounding else int(scaled)
        if rounding is None and number != scaled:
            return _INFINITE
        if LEAST_INTEGER <= number <= GREATEST_INTEGER:
            return number
        return _INFINITE if number > 0 else -_INFINITE

    def _milliseconds(self, value: str) -> int | str | None:
        try:
            milliseconds = duration_from(value) // timedelta(milliseconds=1)
        except Failure:
            return None
        if self.form == "exact":
            return milliseconds
        return f"{(-milliseconds if self.form == 'back' else milliseconds) / 1000:+.3f} seconds"


@cache
def sql_type(dialect: DialectName, kind: Type) -> TypeEngine[Any]:
    """Returns the SQL type of values of a type; a list is JSON text on SQLite."""
    if kind.name == "list" and kind.item is not None:
        return sa.Text() if dialect == "sqlite" else postgresql.ARRAY(sql_type(dialect, kind.item))
    kinds = _SQLITE_TYPES if dialect == "sqlite" else _POSTGRESQL_TYPES
    return kinds[kind.name]


def parameter(bind: Bind, node: Node, conversion: Conversion) -> Value:
    """Returns the parameter of a node; on PostgreSQL times go there as text, as they do for columns."""
    kind, dialect = conversion.type, conversion.dialect
    wanted = sql_type(dialect, kind)
    if conversion.form in ("forth", "back"):
        return bind(node, conversion, sa.Text())
    scalar = kind.item if kind.name == "list" and kind.item else kind
    if dialect == "sqlite" or scalar.name not in ("date", "timestamp"):
        return bind(node, conversion, wanted)
    if kind.name == "list":
        return sa.cast(bind(node, conversion, postgresql.ARRAY(sa.Text())), wanted)
    return bind(node, conversion, Spelled(wanted))


_SHARED: dict[str, TypeEngine[Any]] = {
    "string": sa.Text(),
    "bool": sa.Boolean(),
    "double": sa.Double(),
    "int": sa.BigInteger(),
    "duration": sa.BigInteger(),
}
_SQLITE_TYPES = {**_SHARED, "decimal": sa.BigInteger(), "date": sa.Text(), "timestamp": sa.Text()}
_POSTGRESQL_TYPES = {**_SHARED, "decimal": sa.Numeric(), "date": sa.Date(), "timestamp": sa.TIMESTAMP(timezone=True)}


def literal(text: str, kind: TypeEngine[Any] | None = None) -> Value:
    """Returns a constant that is written into the statement; never a value of anybody's."""
    return sa.literal_column(text, kind)


def negated(condition: Condition) -> Condition:
    """Returns the opposite, NULL staying NULL; in brackets, for databases differ in how tightly NOT binds."""
    return Grouping(sa.not_(condition))


def power_of_ten(exponent: int) -> Value:
    """Returns a factor; beyond 64 bits as a double, with what that leaves of exactness."""
    return literal(str(10**exponent) if exponent <= 18 else f"1e{exponent}", sa.BigInteger())


def within(dialect: DialectName, value: Value, least: str, most: str) -> Value:
    """Returns the value if it lies strictly between two constants, else NULL; the value stands in the statement once."""
    low, high = literal(least, value.type), literal(most, value.type)
    names = ("max", "min") if dialect == "sqlite" else ("greatest", "least")
    raised = getattr(sa.func, names[0])(value, low, type_=value.type)
    cut = getattr(sa.func, names[1])(raised, high, type_=value.type)
    return sa.func.nullif(sa.func.nullif(cut, high, type_=value.type), low, type_=value.type)


def whole(dialect: DialectName, value: Value) -> Value:
    """Returns the whole number if it fits into 64 bits, else NULL, where SQLite would go on with a double."""
    point = ".0" if dialect == "sqlite" else ""
    return within(dialect, value, f"-9223372036854775808{point}", f"9223372036854775808{point}")
