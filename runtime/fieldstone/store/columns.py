"""Columns: how each storage class is kept on each database, and the conversions between wire form and driver form.

On SQLite a decimal is an integer counted in its last place (a sum is a wide number, `wide.py`), an instant is text of one fixed
width, and every table is STRICT. On PostgreSQL the native types are used; text compares by code point (`COLLATE "C"`) on both.
"""

from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

import msgspec
import sqlalchemy as sa
from sqlalchemy.types import TypeEngine

from fieldstone.errors import Internal
from fieldstone.late import late_module
from fieldstone.query.storage import MASK, Storage, StorageClass
from fieldstone.store.wide import wide_decimal, wide_text

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql
else:
    postgresql = late_module("sqlalchemy.dialects.postgresql")

DialectName = Literal["sqlite", "postgresql"]
Convert = Callable[[Any], Any]
"""Takes a value that is not null."""

MOST_DIGITS = 18
"""As many digits as a decimal may have in all: what fits a 64 bit integer."""

_EXACT = Context(prec=60)
_LEAST, _MOST = -(2**63), 2**63 - 1
_JSON = msgspec.json.Encoder(decimal_format="number")


class Column(msgspec.Struct, frozen=True, eq=False):
    """How one storage class is kept: the type in DDL, the type of a parameter, and the conversions where any are needed."""

    ddl: str
    sql_type: TypeEngine[Any]
    to_driver: Convert | None = None
    to_wire: Convert | None = None


class Spelled(sa.TypeDecorator[str]):
    """A type whose parameters go to PostgreSQL as text and are read there: the driver takes the first and last day for infinite."""

    impl = sa.Text
    cache_ok = True

    def __init__(self, target: TypeEngine[Any]) -> None:
        """Takes the type of the column."""
        self.target = target
        super().__init__()

    def bind_expression(self, bindparam: sa.BindParameter[str]) -> sa.ColumnElement[str]:
        """Returns the parameter as the column's type."""
        return sa.cast(sa.type_coerce(bindparam, sa.Text()), self.target)


@cache
def column_of(dialect: DialectName, storage: Storage) -> Column:
    """Returns how a database keeps a storage class."""
    makers = _SQLITE if dialect == "sqlite" else _POSTGRESQL
    maker = makers.get(storage.kind)
    if maker is None:
        raise Internal(f"Storage class `{storage.kind}` has no column.")
    return maker(storage)


@cache
def comparison_of(dialect: DialectName, storage: Storage, operator: str) -> Convert | None:
    """Returns the conversion of a value that a column is compared with.

    Columns of whole numbers are compared with whole numbers, so that their index serves: the bound is rounded to the side that
    selects the same rows, and a number between two steps equals none (None).
    """
    if storage.kind == StorageClass.DOUBLE:
        return float
    scaled = storage.kind == StorageClass.DECIMAL and dialect == "sqlite" and not is_wide(storage)
    if not scaled and storage.kind != StorageClass.INTEGER:
        return column_of(dialect, storage).to_driver
    scale = storage.scale if scaled else 0
    if operator in ("gt", "lte"):
        return lambda value: _whole(value, scale, ROUND_FLOOR)
    if operator in ("gte", "lt"):
        return lambda value: _whole(value, scale, ROUND_CEILING)
    return lambda value: _whole_or_none(value, scale)


def is_wide(storage: Storage) -> bool:
    """Tells whether a decimal may have more digits than a column: a sum or an average, which SQLite keeps as a wide number."""
    return storage.precision > MOST_DIGITS


def json_text(value: Any) -> str:
    """Returns a plain value as JSON text; decimals keep all their digits."""
    return _JSON.encode(value).decode()


def _whole(value: Any, scale: int, rounding: str) -> int:
    number = int(Decimal(value).scaleb(scale, _EXACT).to_integral_value(rounding))
    return max(_LEAST, min(_MOST, number))


def _whole_or_none(value: Any, scale: int) -> int | None:
    scaled = Decimal(value).scaleb(scale, _EXACT)
    number = int(scaled)
    return number if number == scaled and _LEAST <= number <= _MOST else None


def _scaled(scale: int) -> Convert:
    def convert(value: Any) -> int:
        number = _whole_or_none(value, scale)
        if number is None:
            raise Internal(f"{value} does not fit a decimal with {scale} digits after the point.")
        return number

    return convert


def _unscaled(scale: int) -> Convert:
    return lambda number: Decimal(number).scaleb(-scale)


def _unscaled_trimmed(scale: int) -> Convert:
    step = 10**scale

    def convert(number: int) -> int | Decimal:
        whole, rest = divmod(number, step)
        return Decimal(number).scaleb(-scale).normalize() if rest else whole

    return convert


def _trimmed(value: Decimal) -> int | Decimal:
    whole = int(value)
    return whole if whole == value else value.normalize(_EXACT)


def _masked(storage: Storage) -> Convert | None:
    if storage.masked:
        return lambda _text: MASK
    return storage.mask


def _sqlite_decimal(storage: Storage) -> Column:
    if is_wide(storage):
        return _sqlite_wide(storage)
    reader = _unscaled(storage.scale) if storage.fixed else _unscaled_trimmed(storage.scale)
    return Column("INTEGER", sa.BigInteger(), _scaled(storage.scale), reader)


def _sqlite_wide(storage: Storage) -> Column:
    scale = storage.scale

    def from_wire(value: Any) -> str:
        return wide_text(int(Decimal(value).scaleb(scale, _EXACT)))

    def to_wire(text: str) -> int | Decimal:
        number = wide_decimal(text, scale)
        return number if storage.fixed else _trimmed(number)

    return Column("TEXT", sa.Text(), from_wire, to_wire)


def _postgresql_decimal(storage: Storage) -> Column:
    digits = storage.precision or MOST_DIGITS
    return Column(f"numeric({digits},{storage.scale})", sa.Numeric(), Decimal, None if storage.fixed else _trimmed)


_SQLITE: dict[StorageClass, Callable[[Storage], Column]] = {
    StorageClass.TEXT: lambda storage: Column("TEXT", sa.Text(), None, _masked(storage)),
    StorageClass.INTEGER: lambda _: Column("INTEGER", sa.BigInteger()),
    StorageClass.DECIMAL: _sqlite_decimal,
    StorageClass.DOUBLE: lambda _: Column("REAL", sa.Double(), float),
    StorageClass.INSTANT: lambda _: Column("TEXT", sa.Text()),
    StorageClass.DAY: lambda _: Column("TEXT", sa.Text()),
    StorageClass.BOOLEAN: lambda _: Column("INTEGER", sa.Boolean(), int, bool),
    StorageClass.JSON: lambda _: Column("TEXT", sa.Text(), json_text, msgspec.Raw),
    StorageClass.BYTES: lambda _: Column("BLOB", sa.LargeBinary()),
}

_POSTGRESQL: dict[StorageClass, Callable[[Storage], Column]] = {
    StorageClass.TEXT: lambda storage: Column('text COLLATE "C"', sa.Text(), None, _masked(storage)),
    StorageClass.INTEGER: lambda _: Column("bigint", sa.BigInteger()),
    StorageClass.DECIMAL: _postgresql_decimal,
    StorageClass.DOUBLE: lambda _: Column("double precision", sa.Double(), float),
    StorageClass.INSTANT: lambda _: Column("timestamptz(3)", Spelled(sa.TIMESTAMP(timezone=True))),
    StorageClass.DAY: lambda _: Column("date", Spelled(sa.Date())),
    StorageClass.BOOLEAN: lambda _: Column("boolean", sa.Boolean()),
    StorageClass.JSON: lambda _: Column("jsonb", postgresql.JSONB(), json_text, msgspec.Raw),
    StorageClass.BYTES: lambda _: Column("bytea", sa.LargeBinary()),
}
