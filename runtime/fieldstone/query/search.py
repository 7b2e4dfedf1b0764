"""Search: texts as words, and what somebody looks for as terms, which narrow a query to the records that hold all of them.

A word is a run of letters and digits, whatever its case; a Chinese or Japanese character is a word by itself. Texts are kept
as their words with a blank around each (`stored_words`), and a term is a part of such a text, so that what matches is the same question in
memory and on every database. Refuses fields that cannot be searched, unknown and hidden ones alike, and texts without a word.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from fieldstone.errors import Invalid
from fieldstone.query.ast import EVERYTHING, Filter, Match, Slot
from fieldstone.query.document import QueryDocument
from fieldstone.query.names import did_you_mean, shown
from fieldstone.query.operators import fold
from fieldstone.query.storage import ObjectShape
from fieldstone.query.values import is_clean
from fieldstone.settings import Limits

UNSET = msgspec.UNSET
RULES = 2
"""Raised when texts are split or indexed otherwise: what the store keeps of them is then made anew."""

SEARCHED_CHARACTERS = 100_000
"""As much of a text is searched; a database's index of one text has an end."""

MOST_POINTS = 6
"""So many points has a record for a term that its first field begins with, as a whole word."""

LONGEST_WORD = 64
"""What is longer is cut, in texts and in terms."""

_BY_ITSELF = "\u2e80-\u2fdf\u3005-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_WORD = re.compile(rf"[{_BY_ITSELF}]|(?:(?![{_BY_ITSELF}])[^\W_])+")
_TERM = re.compile(r'"([^"]*)"|([^\s"]+)')
_EXAMPLE = 'Such as `printer "paper jam"`.'


def words_of(text: str) -> list[str]:
    """Returns the words of a text, folded as `query/operators.fold` does, composed characters in one form."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    return [word[:LONGEST_WORD] for word in _WORD.findall(fold(text)) if word.isalnum()]


def stored_words(text: str | None) -> str:
    """Returns a text as it is searched: its words with a blank before, between and behind them; empty for one without words."""
    if not text:
        return ""
    words = words_of(text[:SEARCHED_CHARACTERS])
    return f" {' '.join(words)} " if words else ""


def terms_of(text: str) -> tuple[str, ...]:
    """Returns the terms of a search, each a part of what `stored_words` makes of a text that matches.

    Words that hang together (`follow-up`) are one term, and the last word of a term may go on (`print` finds `printer`). What
    stands in quotes is found as it is, to the end of its last word. A quote without its partner is a sign as any other.
    """
    terms: dict[str, None] = {}
    for quoted, plain in _TERM.findall(text):
        words = words_of(quoted or plain)
        if words:
            terms[f" {' '.join(words)}{' ' if quoted else ''}"] = None
    return tuple(terms)


def parse_search(document: QueryDocument, shape: ObjectShape, limits: Limits, values: list[Any]) -> Filter:
    """Returns the filter of what a document searches for, and appends what it binds; EVERYTHING for nothing. Raises Invalid."""
    search, fields = document.search, document.search_fields
    if search is UNSET and fields is UNSET:
        return EVERYTHING
    if type(search) is dict:
        search, fields = _of_object(search, fields)
    if search is UNSET:
        raise _refused("`searchFields` goes with `search`.", "searchFields", "Say what to look for.")
    named = searchable_fields(shape) if fields is UNSET else _named(fields, shape)
    terms = read_terms(search, limits, "search")
    if not named:
        raise nothing_searchable(shape)
    if not terms:
        raise _refused("`search` holds no letter or digit to look for.", "search", _EXAMPLE)
    values.append(terms)
    return Match(Slot(len(values) - 1), len(terms), named)


def read_terms(text: Any, limits: Limits, name: str) -> tuple[str, ...]:
    """Returns the terms of a text that was sent under a name; none for one without words. Raises Invalid."""
    if type(text) is not str or not is_clean(text):
        raise _refused(f"`{name}` is a text.", name, _EXAMPLE)
    if len(text) > limits.search_words * LONGEST_WORD:
        raise _refused(f"`{name}` takes at most {limits.search_words * LONGEST_WORD} characters.", name)
    terms = terms_of(text)
    if sum(len(term.split()) for term in terms) > limits.search_words:
        raise _refused(f"`{name}` takes at most {limits.search_words} words.", name)
    return terms


def points_of(texts: Mapping[str, str | None], first: str | None, terms: Iterable[str]) -> int | None:
    """Returns how well the texts of a record match terms: the sum over the terms, each by the best place that it has; None for no match.

    In the field `first` a term counts most, there at the beginning more than within, and a whole word more than the beginning of one.
    """
    words = {name: stored_words(text) for name, text in texts.items()}
    name = words.pop(first, "") if first is not None else ""
    total = 0
    for term in terms:
        whole = f"{term.rstrip()} "
        if not any(term in text for text in (name, *words.values())):
            return None
        tests = (
            name.startswith(whole),
            name.startswith(term),
            whole in name,
            term in name,
            any(whole in text for text in words.values()),
            True,
        )
        total += MOST_POINTS - tests.index(True)
    return total


def first_place(text: str, terms: Iterable[str]) -> int | None:
    """Returns where the first word of some term first begins in a composed text; None where none does."""
    words = {term.split()[0] for term in terms}
    begins = rf"(?:(?<![^\W_])|(?<=[{_BY_ITSELF}])|(?=[{_BY_ITSELF}]))(?:{'|'.join(map(re.escape, sorted(words)))})"
    found = re.search(begins, fold(text))
    return None if found is None else found.start()


def searchable_fields(shape: ObjectShape) -> tuple[str, ...]:
    """Returns the fields that whoever has a shape may search."""
    return tuple(name for name, field in shape.fields.items() if field.searchable)


def nothing_searchable(shape: ObjectShape) -> Invalid:
    """Returns the refusal of a search where a shape has no such field."""
    return _refused(f"`{shape.name}` has no field that can be searched.", "search")


def _of_object(search: dict[str, Any], fields: Any) -> tuple[Any, Any]:
    if "query" not in search or not search.keys() <= {"query", "fields"}:
        raise _refused('`search` is a text or {"query": ..., "fields": [...]}.', "search")
    inner = search.get("fields", UNSET)
    if inner is not UNSET and fields is not UNSET and inner != fields:
        raise _refused("`search.fields` and `searchFields` are the same and differ.", "searchFields")
    return search["query"], fields if inner is UNSET else inner


def _named(fields: Any, shape: ObjectShape) -> tuple[str, ...]:
    """Returns the fields that were named, in the object's order, so that the same ones make the same shape."""
    if type(fields) is not list or not fields:
        raise _refused("`searchFields` is a list of names.", "searchFields")
    searchable = searchable_fields(shape)
    for index, name in enumerate(fields):
        if type(name) is not str or name not in searchable:
            message = f"No field `{shown(name)}` of `{shape.name}` can be searched."
            hint = did_you_mean(name, searchable)
            raise Invalid(message, reason="INVALID_FIELD", path=f"searchFields.{index}", hint=hint)
    return tuple(name for name in searchable if name in fields)


def _refused(message: str, path: str, hint: str | None = None) -> Invalid:
    return Invalid(message, reason="INVALID_QUERY", path=path, hint=hint)
