"""Masks: what of a text its reader is shown when the whole is not for him."""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

HIDDEN = "****"
"""Stands for what is not shown, however much that is: a mask does not tell how long a text is."""


class Masking(msgspec.Struct, frozen=True):
    """How a text is masked: so many of its first and last characters stay.

    With `domain`, what stands from the last `@` on stays whole, and the rest is masked. Never more than half of what is masked stays: of
    a text too short for that, nothing does.
    """

    head: int = 0
    tail: int = 0
    domain: bool = False

    def __call__(self, text: str) -> str:
        """Returns what is shown of a text; a text that is masked already stays as it is."""
        rest = ""
        if self.domain:
            at = text.rfind("@")
            if at >= 0:
                text, rest = text[:at], text[at:]
        size = len(text)
        cut = text[: self.head] + HIDDEN + text[size - self.tail :]
        if text != cut and (2 * (self.head + self.tail) > size or text == HIDDEN):
            cut = HIDDEN
        return cut + rest

    def over(self, place: int) -> Callable[[Iterable[list[Any]]], None]:
        """Returns what puts, into rows, what is shown in place of the text at a place, where there is one.

        A list is full of such texts: one that is surely long enough is cut where it stands, without a call of its own.
        """
        head, tail = slice(self.head), self.tail
        end = slice(-tail, None) if tail else slice(0)
        enough = max(2 * (self.head + tail), len(HIDDEN) + 1)

        def mask(rows: Iterable[list[Any]]) -> None:
            for row in rows:
                text = row[place]
                if text is not None:
                    row[place] = f"{text[head]}{HIDDEN}{text[end]}" if len(text) >= enough else self(text)

        def mask_before_domain(rows: Iterable[list[Any]]) -> None:
            for row in rows:
                text = row[place]
                if text is not None:
                    at = text.rfind("@")
                    row[place] = f"{text[head]}{HIDDEN}{text[at - tail :]}" if at >= enough else self(text)

        return mask_before_domain if self.domain else mask
