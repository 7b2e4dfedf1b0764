"""Translations: every text stands where one is declared, or could be, and is said once in a language."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, cast

import msgspec

from fieldstone.errors import Fault
from fieldstone.kinds.table import TOLD
from fieldstone.kinds.translation import TranslationDeclaration
from fieldstone.query.names import did_you_mean, shown
from fieldstone.registry.codes import Code
from fieldstone.registry.documents import Document
from fieldstone.registry.layers.members import NAMED_BY
from fieldstone.registry.mismatch import COMMA_HINT
from fieldstone.registry.wording import Way, Wordings

Subjects = Mapping[str, Mapping[str, msgspec.Struct]]
"""What may be translated: declarations by kind and name."""

TEXTS = frozenset(
    {
        "label",
        "pluralLabel",
        "description",
        "inlineHelpText",
        "helpText",
        "placeholder",
        "message",
        "title",
        "confirmText",
        "successMessage",
        "errorMessage",
    }
)
"""The keys that hold what people read, wherever they are."""

_OF: Mapping[str, Callable[[TranslationDeclaration], Mapping[str, Any]]] = {
    "object": lambda translation: translation.objects,
    "view": lambda translation: translation.views,
    "app": lambda translation: translation.apps,
    "dashboard": lambda translation: translation.dashboards,
    "action": lambda translation: translation.actions,
    "flow": lambda translation: translation.flows,
    "permission": lambda translation: translation.permissions,
    "hook": lambda translation: translation.hooks,
    "capability": lambda translation: translation.capabilities,
}
"""What a translation says of each kind."""

TRANSLATED = tuple(_OF)
"""The kinds of which there are translations."""

_NAMES = ("label", "title", "message")
"""What a text in the place of a whole thing is: the first of these that the thing has."""

Step = str | int


class _Found(msgspec.Struct, frozen=True):
    """A text of a translation: where it stands there, and the way to it in what it translates."""

    path: tuple[Step, ...]
    way: Way
    text: str


class _Unfit(Exception):
    """Something in a translation that translates nothing."""

    def __init__(self, path: tuple[Step, ...], message: str, hint: str | None) -> None:
        super().__init__(message)
        self.path, self.message, self.hint = path, message, hint


def link_translations(
    documents: Mapping[str, Document], subjects: Subjects, broken: frozenset[tuple[str, str]]
) -> tuple[Wordings, list[Fault]]:
    """Returns the texts of all translations, and everything wrong with these; of what is `broken` no more is said."""
    wordings: dict[str, dict[tuple[str, str], dict[Way, str]]] = {}
    said: dict[tuple[str, str, str, Way], str] = {}
    faults: list[Fault] = []
    for document in documents.values():
        language = cast("TranslationDeclaration", document.declared).language
        for kind, name, found in _texts(document, subjects, broken, faults):
            before = said.setdefault((language, kind, name, found.way), str(document.value_at(*found.path)))
            if before != str(document.value_at(*found.path)):
                message = f"This is said in `{language}` already, in {before}."
                faults.append(document.fault(found.path, Code.TRANSLATION, message, "Say it once."))
            wordings.setdefault(language, {}).setdefault((kind, name), {})[found.way] = found.text
    return wordings, faults


def _texts(
    document: Document, subjects: Subjects, broken: frozenset[tuple[str, str]], faults: list[Fault]
) -> Iterator[tuple[str, str, _Found]]:
    """Yields the texts of a translation with what they are of; notes a fault for each that is of nothing."""
    translation = cast("TranslationDeclaration", document.declared)
    for kind, said in _OF.items():
        declared = subjects.get(kind, {})
        for name, tree in said(translation).items():
            path: tuple[Step, ...] = (TOLD[kind].plural, name)
            if (kind, name.rpartition(".")[2]) in broken:
                continue
            if name not in declared:
                message = f"There is no {kind} `{shown(name)}`."
                faults.append(document.fault(path, Code.TRANSLATION, message, did_you_mean(name, declared)))
                continue
            for found in _walk("", declared[name], tree, path, ()):
                if isinstance(found, _Unfit):
                    faults.append(document.fault(found.path, Code.TRANSLATION, found.message, found.hint))
                else:
                    yield kind, name, found


def _walk(key: str, value: Any, tree: Any, path: tuple[Step, ...], way: Way) -> Iterator[_Found | _Unfit]:
    """Yields the texts below a value, and what is not one."""
    if isinstance(tree, str):
        name = next((each for each in _NAMES if each in _own_texts(value)), None)
        if name is None or not tree.strip():
            yield _Unfit(path, "This is no text of its own.", _choices(_known(key, value)))
        else:
            yield _Found(path, (*way, name), tree)
        return
    if not isinstance(tree, dict):
        yield _Unfit(path, "A text, or a mapping of texts, is needed here.", None)
        return
    inner = _known(key, value)
    for step, each in tree.items():
        at = (*path, step)
        if step in _own_texts(value):
            if isinstance(each, str) and each.strip():
                yield _Found(at, (*way, step), each)
            else:
                yield _Unfit(at, f"`{step}` is a text.", None)
        elif step in inner:
            yield from _walk(step, inner[step], each, at, (*way, step))
        else:
            known = [*sorted(_own_texts(value)), *inner]
            hint = did_you_mean(step, known) or (COMMA_HINT if each is None else _choices(known))
            yield _Unfit(at, f"There is no `{shown(step)}` to translate here.", hint)


def texts_of(value: Any, key: str = "", way: Way = ()) -> Iterator[tuple[Way, str]]:
    """Yields the texts that are declared within a value, by their ways; `key` is the one that holds it."""
    own = _own_texts(value)
    for field in msgspec.structs.fields(value) if own else ():
        text = getattr(value, field.name)
        if field.encode_name in own and isinstance(text, str) and text.strip():
            yield (*way, field.encode_name), text
    for name, inner in _known(key, value).items():
        yield from texts_of(inner, name, (*way, name))


def _own_texts(value: Any) -> frozenset[str]:
    """Returns the keys of a thing that hold what people read."""
    if not isinstance(value, msgspec.Struct):
        return frozenset()
    return TEXTS & {field.encode_name for field in msgspec.structs.fields(value)}


def _known(key: str, value: Any) -> dict[str, Any]:
    """Returns what is within a value and has texts, by name: parts of a thing, entries of a mapping, members of a list."""
    found: Mapping[str, Any]
    if isinstance(value, msgspec.Struct):
        found = {field.encode_name: getattr(value, field.name) for field in msgspec.structs.fields(value)}
    elif isinstance(value, Mapping):
        found = value
    elif isinstance(value, Sequence) and not isinstance(value, str):
        found = dict(_members(key, value))
    else:
        found = {}
    own = _own_texts(value)
    return {name: each for name, each in found.items() if name not in own and _has_texts(name, each)}


def _members(key: str, value: Sequence[Any]) -> Iterator[tuple[str, Any]]:
    for member in value:
        if isinstance(member, msgspec.Struct):
            names = {field.encode_name: field.name for field in msgspec.structs.fields(member)}
            named = (getattr(member, names[each], None) for each in NAMED_BY.get(key, ()) if each in names)
            name = next((each for each in named if isinstance(each, str)), None)
            if name is not None:
                yield name, member


def _has_texts(key: str, value: Any) -> bool:
    return bool(_own_texts(value)) or bool(_known(key, value))


def _choices(known: Any) -> str | None:
    return f"There are {', '.join(f'`{name}`' for name in known)}." if known else None
