"""Search indexes: the words of searchable fields, kept beside each record, and the condition that terms occur in them.

Beside the table of an object stands one with the words of each searchable field, in the form of `query/search.stored_words`. A row of
it goes with its record, by a foreign key. Over it stands the database's own index: FTS5, kept current by triggers, or GIN over the words
as lexemes. PostgreSQL's index knows no order of words, so there it finds the candidates, and the words themselves decide.
"""

import functools
import operator
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec
import sqlalchemy as sa

from fieldstone.late import late_module
from fieldstone.query.ast import Match, Ranking
from fieldstone.query.search import stored_words
from fieldstone.store.binds import Binds
from fieldstone.store.columns import DialectName
from fieldstone.store.database import RawRows
from fieldstone.store.ddl import quoted
from fieldstone.store.dialects import Condition, Dialect
from fieldstone.store.interface import Row
from fieldstone.store.parameters import Given, Parameters, Take
from fieldstone.store.schema import ID, shortened
from fieldstone.store.tables import Source

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql
else:
    postgresql = late_module("sqlalchemy.dialects.postgresql")

KEY = "key"
LEXEMES = "fieldstone_lexemes"
_LEXEMES_MADE = f"""\
CREATE OR REPLACE FUNCTION {LEXEMES}(words text) RETURNS tsvector
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL RESTRICTED COST 100 AS
$$ BEGIN RETURN array_to_tsvector(string_to_array(btrim(words), ' ')); END $$"""
"""The planner takes the functions within for nearly free, and would run them for every row that one of several terms finds."""

_FOUND: sa.ColumnElement[int] = sa.literal_column("0")


class WordsWrite(msgspec.Struct, frozen=True, eq=False):
    """A prepared write of words: its text, and where the texts and the id stand in a row of values; None is a text that is not there."""

    text: str
    texts: tuple[int | None, ...]
    id: int

    def inserted(self, rows: Sequence[Row]) -> list[Row]:
        """Returns the parameters for new records."""
        return [(row[self.id], *self._of(row)) for row in rows]

    def updated(self, values: Row, ids: RawRows) -> list[Row]:
        """Returns the parameters for records that all got the same values."""
        words = self._of(values)
        return [(*words, record_id) for (record_id,) in ids]

    def _of(self, row: Row) -> Row:
        return tuple("" if place is None else stored_words(row[place]) for place in self.texts)


class Points(msgspec.Struct, frozen=True, eq=False):
    """How well records match: the table with their words, its column with their ids, and the points of each."""

    words: sa.TableClause
    id: sa.ColumnElement[str]
    points: sa.ColumnElement[int]


def search_definition(object_name: str, fields: Sequence[str], dialect: DialectName) -> tuple[list[str], list[str]]:
    """Returns the statements that make an object's search index: those before it is filled, and those after."""
    table, columns = quoted(words_table(object_name)), [quoted(words_column(name)) for name in fields]
    postgres = dialect == "postgresql"
    key = "" if postgres else f"{quoted(KEY)} INTEGER PRIMARY KEY, "
    text, ending = ('text COLLATE "C"', "") if postgres else ("TEXT", " STRICT")
    unique = "PRIMARY KEY" if postgres else "NOT NULL UNIQUE"
    target = f"REFERENCES {quoted(object_name)} ({quoted(ID)}) ON DELETE CASCADE"
    lines = ", ".join(f"{column} {text} NOT NULL" for column in columns)
    made = f"CREATE TABLE {table} ({key}{quoted(ID)} {text} {unique} {target}, {lines}){ending}"
    if postgres:
        lexemes = ", ".join(f"{LEXEMES}({column})" for column in columns)
        return [_LEXEMES_MADE, made], [f"CREATE INDEX {quoted(_index(object_name))} ON {table} USING gin ({lexemes})"]
    return [made], list(_sqlite_index(object_name, table, columns))


def search_removal(object_name: str, dialect: DialectName) -> list[str]:
    """Returns the statements that drop an object's search index."""
    words = f"DROP TABLE {quoted(words_table(object_name))}"
    return [words] if dialect == "postgresql" else [f"DROP TABLE {quoted(_index(object_name))}", words]


def compile_words_insert(source: Source, columns: tuple[str, ...], dialect: Dialect) -> WordsWrite | None:
    """Returns the statement that writes down the words of new rows of these columns; None for an object that is not searched."""
    fields = searchable(source)
    if not fields:
        return None
    names = ", ".join(quoted(name) for name in (ID, *map(words_column, fields)))
    places = ", ".join(_placeholders(len(fields) + 1, dialect))
    text = f"INSERT INTO {quoted(words_table(source.object.name))} ({names}) VALUES ({places})"
    return WordsWrite(
        text, tuple(columns.index(name) if name in columns else None for name in fields), columns.index(ID)
    )


def compile_words_update(source: Source, columns: tuple[str, ...], dialect: Dialect) -> WordsWrite | None:
    """Returns the statement that writes down new words of a row by its id; None where none of these columns is searched."""
    fields = [name for name in searchable(source) if name in columns]
    if not fields:
        return None
    *places, last = _placeholders(len(fields) + 1, dialect)
    changes = ", ".join(f"{quoted(words_column(name))} = {place}" for name, place in zip(fields, places, strict=True))
    text = f"UPDATE {quoted(words_table(source.object.name))} SET {changes} WHERE {quoted(ID)} = {last}"
    return WordsWrite(text, tuple(columns.index(name) for name in fields), -1)


def match_condition(item: Match, source: Source, dialect: Dialect, parameters: Parameters) -> Condition:
    """Returns the condition that the terms occur in the words of a record. All that match are found first, and once."""
    name = source.object.name
    columns = [words_column(field) for field in item.fields]
    words = _words(source, item)
    identity = source.column(ID)
    if dialect.name == "postgresql":
        found = sa.select(words.c[ID]).where(
            *_lexeme_conditions(item, [words.c[column] for column in columns], parameters)
        )
        return identity == sa.any_(sa.func.array(found.scalar_subquery()))
    index = sa.table(_index(name), sa.column("rowid"))
    expression = parameters.add(("match", item.terms, item.fields), _fts_expression(item, columns), sa.Text())
    matched = sa.literal_column(quoted(_index(name))).bool_op("MATCH")(expression)
    joined = index.join(words, words.c[KEY] == index.c.rowid)
    return identity.in_(sa.select(words.c[ID]).select_from(joined).where(matched))


def match_points(ranking: Ranking, source: Source, dialect: Dialect, parameters: Parameters) -> Points:
    """Returns the words of records as a table, and the points of each: the sum over the terms, each by the best place that it has."""
    item = ranking.match
    words = _words(source, item)
    texts = {field: words.c[words_column(field)] for field in item.fields}
    first = texts.pop(ranking.first, None) if ranking.first is not None else None
    points: list[sa.ColumnElement[int]] = []
    for number in range(item.count):
        begun = parameters.add(("match", item.terms, number), _term(item, number), sa.Text())
        whole = parameters.add(("match", item.terms, number, "whole"), _whole_term(item, number), sa.Text())
        places: list[tuple[Condition, sa.ColumnElement[int]]] = []
        if first is not None:
            places += [(dialect.begins(first, term), _points(worth)) for term, worth in ((whole, 6), (begun, 5))]
            places += [(dialect.has_part(first, term), _points(worth)) for term, worth in ((whole, 4), (begun, 3))]
        places.append((sa.or_(sa.false(), *(dialect.has_part(text, whole) for text in texts.values())), _points(2)))
        points.append(sa.case(*places, else_=_points(1)))
    return Points(words, words.c[ID], functools.reduce(operator.add, points))


def words_table(object_name: str) -> str:
    """Returns the name of the table with an object's words; it has a dot in it, which no object's name can have."""
    return shortened(f"{object_name}.words")


def words_column(field: str) -> str:
    """Returns the name of the column with a field's words."""
    return shortened(f"w_{field}")


def searchable(source: Source) -> tuple[str, ...]:
    """Returns the fields whose words are kept."""
    return tuple(name for name, shape in source.object.shape.fields.items() if shape.searchable)


def _index(object_name: str) -> str:
    return shortened(f"{object_name}.search")


def _words(source: Source, item: Match) -> sa.TableClause:
    columns = (KEY, ID, *map(words_column, item.fields))
    return sa.table(words_table(source.object.name), *(sa.column(column, sa.Text()) for column in columns))


def _points(worth: int) -> sa.ColumnElement[int]:
    return sa.literal_column(str(worth), sa.Integer())


def _placeholders(count: int, dialect: Dialect) -> list[str]:
    return [f"${number}" if dialect.name == "postgresql" else "?" for number in range(1, count + 1)]


def _sqlite_index(object_name: str, table: str, columns: Sequence[str]) -> Iterator[str]:
    """Yields the FTS5 table over the table of words, which keeps no texts of its own, and the triggers that keep it current."""
    index = quoted(_index(object_name))
    names = ", ".join(columns)
    content = words_table(object_name).replace("'", "''")
    # Words are folded letters and digits: all that `ascii` has to do is to split at the blanks. Column sizes would serve a rank alone.
    options = f"content='{content}', content_rowid='{KEY}', tokenize='ascii', columnsize=0"
    yield f"CREATE VIRTUAL TABLE {index} USING fts5({names}, {options})"
    yield f"INSERT INTO {index}({index}) VALUES ('rebuild')"
    old, new = (", ".join(f"{row}.{column}" for column in columns) for row in ("old", "new"))
    enter = f"INSERT INTO {index}(rowid, {names}) VALUES (new.{KEY}, {new});"
    leave = f"INSERT INTO {index}({index}, rowid, {names}) VALUES ('delete', old.{KEY}, {old});"
    for event, body in (("INSERT", enter), ("DELETE", leave), ("UPDATE", f"{leave} {enter}")):
        trigger = quoted(f"{words_table(object_name)}.{event.lower()}")
        yield f"CREATE TRIGGER {trigger} AFTER {event} ON {table} BEGIN {body} END"


def _lexeme_conditions(
    item: Match, columns: Sequence[sa.ColumnElement[str]], parameters: Parameters
) -> Iterator[Condition]:
    """Yields two conditions for each term: by the index, and, where a term has several words, by their order."""
    lexemes = [sa.Function(LEXEMES, column, type_=postgresql.TSVECTOR()) for column in columns]
    for number in range(item.count):
        source = ("match", item.terms, number)
        query = sa.cast(
            parameters.add((*source, "lexemes"), _lexeme_query(item, number), sa.Text()), postgresql.TSQUERY()
        )
        yield sa.or_(*(vector.bool_op("@@")(query) for vector in lexemes))
        term = parameters.add(source, _term(item, number), sa.Text())
        alone = parameters.add((*source, "alone"), _is_one_word(item, number), sa.Boolean())
        yield sa.or_(alone, *(sa.func.strpos(column, term) > _FOUND for column in columns))


def _term(item: Match, number: int) -> Take:
    index = item.terms.index
    return lambda binds, _given: binds.values[index][number]


def _is_one_word(item: Match, number: int) -> Take:
    index = item.terms.index
    return lambda binds, _given: " " not in binds.values[index][number].strip()


def _whole_term(item: Match, number: int) -> Take:
    index = item.terms.index
    return lambda binds, _given: f"{binds.values[index][number].rstrip()} "


def _lexeme_query(item: Match, number: int) -> Take:
    index = item.terms.index

    def take(binds: Binds, _given: Given) -> str:
        term: str = binds.values[index][number]
        lexemes = " & ".join(f"'{word}'" for word in term.split())
        return lexemes if term.endswith(" ") else f"{lexemes}:*"

    return take


def _fts_expression(item: Match, columns: Sequence[str]) -> Take:
    index = item.terms.index
    among = "{" + " ".join(map(quoted, columns)) + "}"

    def take(binds: Binds, _given: Given) -> str:
        phrases = (f'"{term.strip()}"{"" if term.endswith(" ") else " *"}' for term in binds.values[index])
        return f"{among} : ({' AND '.join(phrases)})"

    return take
