"""Arithmetic of expressions in SQL: whole numbers of 64 bits, exact decimals, doubles.

On SQLite decimals of two scales meet at the finer one. Their results stay exact as long as they fit into 64 bits; beyond, SQLite
goes on with doubles. Whole numbers that leave 64 bits, doubles that leave their range and divisions by zero are NULL, which is CEL's error.
"""

from collections.abc import Callable, Mapping
from operator import add, mul, sub
from typing import Any

import sqlalchemy as sa

from fieldstone.store.columns import DialectName
from fieldstone.store.expression_value import Scaled, Value, literal, power_of_ten, whole, within

_PLAIN: Mapping[str, Callable[[Any, Any], Any]] = {"+": add, "-": sub, "*": mul}


def aligned(left: Scaled, right: Scaled) -> tuple[Value, Value, int]:
    """Returns two decimals at the finer of their scales, and that scale."""
    scale = max(left.scale, right.scale)
    return raised(left, scale), raised(right, scale), scale


def raised(number: Scaled, scale: int) -> Value:
    """Returns a decimal at a finer scale."""
    steps = scale - number.scale
    return number.element * power_of_ten(steps) if steps else number.element


def as_double(dialect: DialectName, number: Scaled) -> Value:
    """Returns a decimal or whole number as a double."""
    value: Value = sa.cast(number.element, sa.REAL() if dialect == "sqlite" else sa.Double())
    return value / literal(f"1e{number.scale}", sa.Double()) if number.scale else value


def integer(dialect: DialectName, name: str, args: list[Value]) -> Value:
    """Returns arithmetic of whole numbers."""
    if dialect == "postgresql":
        args = [sa.cast(arg, sa.Numeric()) for arg in args]
    if name == "neg":
        return whole(dialect, -args[0])
    if name == "abs":
        return sa.func.abs(whole(dialect, args[0]), type_=args[0].type)
    left, right = args
    if name in _PLAIN:
        return whole(dialect, _PLAIN[name](left, right))
    return whole(dialect, _quotient(dialect, left, right)) if name == "/" else _remainder(dialect, left, right)


def decimal(name: str, args: list[Scaled]) -> Scaled:
    """Returns exact arithmetic of decimals."""
    if name == "neg":
        return Scaled(-args[0].element, args[0].scale)
    if name == "abs":
        return Scaled(sa.func.abs(args[0].element, type_=args[0].element.type), args[0].scale)
    left, right = args
    if name == "*":
        return Scaled(left.element * right.element, left.scale + right.scale)
    one, other, scale = aligned(left, right)
    return Scaled(_PLAIN[name](one, other), scale)


def double(dialect: DialectName, name: str, args: list[Value]) -> Value:
    """Returns arithmetic of doubles; NULL where the result is beyond them."""
    if name == "neg":
        return -args[0]
    if name == "abs":
        return sa.func.abs(args[0], type_=sa.Double())
    if dialect == "postgresql":
        return _within_doubles(name, *args)
    left, right = args
    value = _PLAIN[name](left, right) if name in _PLAIN else _divided(left, right, sa.Double())
    return within(dialect, sa.type_coerce(value, sa.Double()), "-9e999", "9e999")


def _within_doubles(name: str, first: Value, second: Value) -> Value:
    """Returns arithmetic of doubles on PostgreSQL, which would end the whole statement where a result is too large or too small.

    The operands stand in a select of their own, so that each is in the statement, and computed, once.
    """
    operands = sa.select(first.label("first"), second.label("second")).correlate_except().subquery()
    left, right = operands.c.first, operands.c.second
    size, other = sa.func.abs(left), sa.func.abs(right)
    one, zero = literal("1e0", sa.Double()), literal("0e0", sa.Double())
    most, least = literal("1.797e308", sa.Double()), literal("2.3e-308", sa.Double())
    if name in ("+", "-"):
        apart = (left < zero) != (right < zero) if name == "+" else (left < zero) == (right < zero)
        known = sa.or_(size <= most - other, apart)
        value = sa.case((known, _PLAIN[name](left, right)))
    elif name == "*":
        below_one = sa.func.nullif(sa.func.least(size, one), zero)
        too_large, too_small = other > most / sa.func.greatest(size, one), other < least / below_one
        nothing = sa.or_(left == zero, right == zero)
        value = sa.case((nothing, left * right), (too_large, sa.null()), (too_small, zero), else_=left * right)
    else:
        too_large, too_small = size > most * sa.func.least(other, one), size < least * sa.func.greatest(other, one)
        divided = _divided(left, sa.func.nullif(right, zero), sa.Double())
        value = sa.case((left == zero, divided), (too_large, sa.null()), (too_small, zero), else_=divided)
    return sa.type_coerce(sa.select(value).select_from(operands).scalar_subquery(), sa.Double())


def _quotient(dialect: DialectName, left: Value, right: Value) -> Value:
    """Returns the quotient cut towards zero; SQLite does so by itself, and has NULL for a division by zero."""
    if dialect == "sqlite":
        return _divided(left, right, sa.BigInteger())
    return sa.func.div(left, _not_zero(dialect, right), type_=sa.Numeric())


def _remainder(dialect: DialectName, left: Value, right: Value) -> Value:
    return left % _not_zero(dialect, right)


def _not_zero(dialect: DialectName, value: Value) -> Value:
    return value if dialect == "sqlite" else sa.func.nullif(value, literal("0", value.type), type_=value.type)


def _divided(left: Value, right: Value, kind: sa.types.TypeEngine[Any]) -> Value:
    """Divides as the database does: SQLAlchemy's own `/` casts whole numbers first."""
    return left.op("/", precedence=8, return_type=kind)(right)
