"""Formulas in SQL: the value of a computed field where a condition, an order or a group asks for it.

It comes out as a column of its storage class would, and is NULL where the formula has no value, as `query/result.py` has it in memory.
"""

import sqlalchemy as sa
from sqlalchemy.sql.elements import Grouping

from fieldstone.errors import Internal
from fieldstone.query.cel.fault import Refused
from fieldstone.query.cel.types import DATE, DOUBLE, TIMESTAMP
from fieldstone.query.formula import Formula
from fieldstone.query.result import DIGITS
from fieldstone.query.storage import Storage, StorageClass
from fieldstone.store.columns import DialectName, column_of
from fieldstone.store.exactness import exact_within
from fieldstone.store.expression import Columns, compile_value
from fieldstone.store.expression_value import SqlColumn, Value, literal, within
from fieldstone.store.formula_function import function_name
from fieldstone.store.parameters import Parameters


def formula_value(
    formula: Formula, result: Storage, *, column: Columns, parameters: Parameters, dialect: DialectName
) -> Value:
    """Returns the value of a formula over the columns of its record."""
    wanted = {StorageClass.DOUBLE: DOUBLE, StorageClass.INSTANT: TIMESTAMP, StorageClass.DAY: DATE}.get(result.kind)
    try:
        found = compile_value(formula.node, column=column, bind=parameters.computed, dialect=dialect, wanted=wanted)
    except Refused as error:
        raise Internal("A formula that the database cannot compute has passed the checks of loading.") from error
    value = _result(found, result, dialect)
    if dialect == "sqlite":
        value = _exactly(value, formula, column, parameters)
    return sa.type_coerce(Grouping(value), column_of(dialect, result).sql_type)


def _exactly(value: Value, formula: Formula, column: Columns, parameters: Parameters) -> Value:
    """Returns a value that is computed by the formula's function where SQLite's own arithmetic might not be exact."""
    most = exact_within(formula.node, lambda ref: column(ref.path).scale or 0)
    if most is None:
        return value
    inputs = [column(("record", name)) for name in formula.inputs]
    function = getattr(sa.func, function_name(formula))
    exact: Value = function(parameters.now(), parameters.timezone(), *(found.element for found in inputs))
    numbers = [found.element for found in inputs if found.type.name in ("int", "decimal")]
    if not most:
        return exact
    long = sa.or_(*(sa.not_(number.between(literal(str(-most)), literal(str(most)))) for number in numbers))
    return sa.case((long, exact), else_=value)


def _result(value: SqlColumn, result: Storage, dialect: DialectName) -> Value:
    match result.kind:
        case StorageClass.DECIMAL | StorageClass.INTEGER:
            return _exact(value, result, dialect)
        case StorageClass.DOUBLE if dialect == "sqlite":
            return within(dialect, value.element, "-9e999", "9e999")
    return value.element


def _exact(value: SqlColumn, result: Storage, dialect: DialectName) -> Value:
    """Returns a number at the scale of its field; counted in its last place on SQLite."""
    if value.type.name == "int" and result.kind == StorageClass.INTEGER:
        return value.element if dialect == "sqlite" else sa.cast(value.element, sa.BigInteger())
    if dialect == "sqlite":
        return _counted(value, result.scale)
    number = value.element
    if value.type.name == "double":
        number = sa.cast(number, sa.Text())
    number = sa.func.round(sa.cast(number, sa.Numeric()), literal(str(result.scale)), type_=sa.Numeric())
    most = f"1e{DIGITS - result.scale}"
    number = within(dialect, number, f"-{most}", most)
    return sa.cast(number, sa.BigInteger()) if result.kind == StorageClass.INTEGER else number


def _counted(value: SqlColumn, scale: int) -> Value:
    if value.type.name == "double":
        return sa.func.fs_rounded(value.element, literal(str(scale)), type_=sa.BigInteger())
    finer = (value.scale or 0) - scale
    if finer > 0:
        return within("sqlite", _cut(value.element, finer), f"-{10**DIGITS}", str(10**DIGITS))
    most = 10 ** (DIGITS + finer)
    number = within("sqlite", value.element, f"-{most}", str(most))
    return number * literal(str(10**-finer)) if finer else number


def _cut(number: Value, digits: int) -> Value:
    """Returns a whole number without its last digits, half of what is cut rounded away from zero."""
    half = literal(str(5 * 10 ** (digits - 1)))
    moved = number + sa.case((number < literal("0"), -half), else_=half)
    return Grouping(moved).op("/", precedence=_AS_STRONG_AS_TIMES)(literal(str(10**digits)))


_AS_STRONG_AS_TIMES = 8
