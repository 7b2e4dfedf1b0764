"""Hiding secrets in what is told of a run: inputs that are declared secret, wherever their text turns up, and what bears a telling name."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from fieldstone.query.storage import MASK
from fieldstone.registry.flows.graph import Graph

SECRET_TYPES: Final = ("secret", "password")
_TELLING = re.compile(r"pass(word|phrase)|secret|token|authorization|api_?-?key|cookie|credential", re.IGNORECASE)
_SHORTEST = 4
"""A shorter secret is hidden where it stands alone, and not within texts, which would be full of holes."""

Hide = Callable[[Any], Any]
"""Returns a value as people may read it."""


def secret_inputs(graph: Graph) -> list[str]:
    """Returns the names of the inputs of a flow that are secret."""
    return [name for name, each in graph.inputs.items() if each.secret]


def hiding_in(graph: Graph, sealed: Mapping[str, Any], opened: Callable[[str], str]) -> Hide:
    """Returns what hides the secrets of a run, given its inputs as they are kept."""
    texts = [text for name in secret_inputs(graph) if isinstance(text := sealed.get(name), str)]
    return hiding([*texts, *map(opened, texts)])


def hiding(secrets: Iterable[Any]) -> Hide:
    """Returns what hides these secrets, and whatever stands under the name of one."""
    texts = sorted({text for text in secrets if isinstance(text, str) and text}, key=len, reverse=True)

    def hide(value: Any) -> Any:
        if isinstance(value, str):
            for text in texts:
                value = MASK if value == text else value.replace(text, MASK) if len(text) >= _SHORTEST else value
            return value
        if isinstance(value, Mapping):
            return {name: MASK if _is_secret(name, item) else hide(item) for name, item in value.items()}
        if isinstance(value, list | tuple):
            return [hide(item) for item in value]
        return value

    return hide


def _is_secret(name: Any, value: Any) -> bool:
    return isinstance(value, str) and isinstance(name, str) and _TELLING.search(name) is not None
