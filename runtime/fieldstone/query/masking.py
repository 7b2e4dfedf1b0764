"""Masks: what of a text its reader is shown when the whole is not for him."""

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

    def shown(self, text: str) -> str:
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
