"""PostgreSQL's way to say what the databases say differently: see `dialects.py`."""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql.asyncpg import dialect as asyncpg_dialect
from sqlalchemy.engine.interfaces import Dialect as SqlDialect
from sqlalchemy.types import TypeEngine

from fieldstone.query.operators import fold
from fieldstone.query.storage import Storage, StorageClass
from fieldstone.store.columns import Column, Convert, DialectName, Spelled, column_of
from fieldstone.store.dialects import Condition, Value, listed


class PostgresDialect:
    """PostgreSQL 18 and later: `pg_c_utf8` folds and `pg_unicode_fast` raises and lowers by Unicode, wherever the server runs."""

    name: DialectName = "postgresql"

    def __init__(self) -> None:
        """Makes the compiler's dialect."""
        make: Callable[[], SqlDialect] = asyncpg_dialect
        self.sql = make()

    def placeholder(self, number: int, column: Column) -> str:
        """Returns the number of the parameter."""
        return f"CAST(${number}::text AS {column.ddl})" if isinstance(column.sql_type, Spelled) else f"${number}"

    def column(self, storage: Storage) -> Column:
        """Returns how a storage class is kept."""
        return column_of("postgresql", storage)

    def shown(self, column: Value, storage: Storage) -> tuple[Value, Convert | None]:
        """Lets the server write instants and days: half the time of making and formatting a datetime each."""
        if storage.kind == StorageClass.INSTANT:
            return sa.func.to_char(column, sa.literal_column("""'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'""")), None
        if storage.kind == StorageClass.DAY:
            return sa.func.to_char(column, sa.literal_column("'YYYY-MM-DD'")), None
        return column, self.column(storage).to_wire

    def shown_flag(self) -> Convert | None:
        """Returns None: the driver answers booleans."""
        return None

    def fold(self, text: Value) -> Value:
        """Folds by the character tables of the server."""
        return sa.func.lower(sa.func.upper(text.collate("pg_c_utf8")))

    def has_part(self, text: Value, part: Value) -> Condition:
        """Uses `strpos`, which knows no wildcards."""
        return sa.func.strpos(text, part) > sa.literal_column("0")

    def begins(self, text: Value, part: Value) -> Condition:
        """Uses `starts_with`."""
        return sa.func.starts_with(text, part, type_=sa.Boolean())

    def ends(self, text: Value, part: Value) -> Condition:
        """Compares the last characters."""
        return sa.func.right(text, sa.func.length(part)) == part

    def pattern(self, pattern: str) -> str:
        """Returns the pattern as it is."""
        return pattern

    def folded_pattern(self, pattern: str) -> str:
        """Returns the pattern folded: no character becomes a wildcard."""
        return fold(pattern)

    def like(self, text: Value, pattern: Value) -> Condition:
        """Uses LIKE, whose escape character is the backslash."""
        return text.bool_op("LIKE")(pattern)

    def has_member(self, values: Value, member: Value) -> Condition:
        """Asks the JSON list for a text among its members."""
        return values.bool_op("?")(member)

    def member_of(self, member: Value, values: Value) -> Condition:
        """Makes an array of the JSON list: what asks the list itself is served by no index over the texts."""
        listed = sa.select(sa.func.jsonb_array_elements_text(values, type_=sa.Text())).correlate_except()
        return member == sa.any_(sa.func.array(listed.scalar_subquery(), type_=ARRAY(sa.Text())))

    def has_any(self, values: Value, members: Value) -> Condition:
        """Asks the JSON list for one of an array of texts."""
        return values.bool_op("?|")(members)

    def same_members(self, values: Value, others: Value) -> Condition:
        """Asks each list whether it has the other in it."""
        return sa.and_(values.bool_op("@>")(others), values.bool_op("<@")(others))

    def one_of(self, value: Value, values: Value) -> Condition:
        """Binds the list as an array, so that its length is no part of the statement."""
        spelled = value.type.target if isinstance(value.type, Spelled) else None
        return value == sa.any_(values if spelled is None else sa.cast(values, ARRAY(spelled)))

    def among(self, value: Value, rows: sa.Select[Any]) -> Condition:
        """Makes an array of them: below an OR, no index serves the subquery of an `IN`."""
        return value == sa.any_(sa.func.array(rows.scalar_subquery(), type_=ARRAY(value.type)))

    def usual(self, condition: Condition) -> Condition:
        """Returns the condition as it is: the server keeps statistics."""
        return condition

    def list_of(self, item: Convert | None, sql_type: TypeEngine[Any]) -> tuple[Convert, TypeEngine[Any]]:
        """Returns the list as it is."""
        return listed(item, list), ARRAY(sa.Text() if isinstance(sql_type, Spelled) else sql_type)

    def same(self, left: Value, right: Value) -> Condition:
        """Uses `IS NOT DISTINCT FROM`."""
        return left.is_not_distinct_from(right)

    def aligned(self, value: Value, _storage: Storage, _other: Storage) -> Value:
        """Returns the number as it is: the server compares numbers of all types."""
        return value

    def ordered(self, value: Value, *, descending: bool, nullable: bool) -> sa.UnaryExpression[Any]:
        """Says nothing of nulls: they are the greatest here, which is what is wanted, and an index serves it."""
        del nullable
        return value.desc() if descending else value.asc()
