"""What declarations say to people, in the languages into which it is translated: values, and how one is chosen for a reader.

A text is found by its way in a declaration: keys, and the names of members of lists.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fieldstone.registry.layers.members import NAMED_BY, member_name

Way = tuple[str, ...]
Texts = Mapping[Way, str]
"""The texts of one declaration, by their ways."""

SOURCE = "en"
"""The language of declarations whose package says none, or that come with none."""

Wordings = Mapping[str, Mapping[tuple[str, str], Texts]]
"""By language, then by kind and name."""


def languages_for(wanted: Sequence[str], known: Mapping[str, Any], own: str) -> Iterator[str]:
    """Yields those of the languages that there are that a reader wants, best first, up to that of the declaration itself.

    Who wants `de-at` wants `de` next; what is said in none of them is said as it is declared.
    """
    for language in wanted:
        parts = language.split("-")
        for count in range(len(parts), 0, -1):
            wider = "-".join(parts[:count])
            if wider == own:
                return
            if wider in known:
                yield wider


def reworded(document: Mapping[str, Any], texts: Texts) -> dict[str, Any]:
    """Returns a document with its texts in other words; those whose place is not in it are left out."""
    told: Any = dict(document)
    for way, text in texts.items():
        told = _with("", told, way, text)
    found: dict[str, Any] = told
    return found


def restored(document: Mapping[str, Any], before: Mapping[str, Any], texts: Texts) -> dict[str, Any]:
    """Returns a document in which each text that is as `texts` say it is as it was before, and not there where it was not."""
    own: Any = dict(document)
    for way, text in texts.items():
        own = _without("", own, before, way, text)
    found: dict[str, Any] = own
    return found


def _with(key: str, value: Any, way: Way, text: str) -> Any:
    """Returns a value with a text at the end of a way; the same value where the way does not lead into it."""
    step, rest = way[0], way[1:]
    if isinstance(value, Mapping):
        if not rest:
            return {**value, step: text}
        return {**value, step: _with(step, value[step], rest, text)} if step in value else value
    if isinstance(value, list | tuple) and rest:
        named_by = NAMED_BY.get(key, ())
        return [_with("", each, rest, text) if _is(named_by, each, step) else each for each in value]
    return value


def _without(key: str, value: Any, before: Any, way: Way, text: str) -> Any:
    """Returns a value with what was there before at the end of a way, where there is just this text."""
    step, rest = way[0], way[1:]
    if isinstance(value, Mapping):
        own = before if isinstance(before, Mapping) else {}
        if rest:
            return {**value, step: _without(step, value[step], own.get(step), rest, text)} if step in value else value
        if value.get(step) != text:
            return value
        return {**value, step: own[step]} if step in own else {name: value[name] for name in value if name != step}
    if isinstance(value, list | tuple) and rest:
        named_by = NAMED_BY.get(key, ())
        was: Any = next((each for each in before or () if _is(named_by, each, step)), None)
        return [_without("", each, was, rest, text) if _is(named_by, each, step) else each for each in value]
    return value


def _is(named_by: Sequence[str], member: Any, name: str) -> bool:
    return isinstance(member, Mapping) and member_name(named_by, member) == name
