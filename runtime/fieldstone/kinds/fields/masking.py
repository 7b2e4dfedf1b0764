"""The masks that a field of text may name, and those that it may make of its own."""

from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec

from fieldstone.kinds.declaration import Declared
from fieldstone.query.masking import Masking

Characters = Annotated[int, msgspec.Meta(ge=0, le=100)]
MaskName = Literal["phone", "id_card", "bank_account", "email", "name"]

NAMED: Mapping[MaskName, Masking] = {
    "phone": Masking(head=3, tail=2),
    "id_card": Masking(head=3, tail=4),
    "bank_account": Masking(tail=4),
    "email": Masking(head=1, domain=True),
    "name": Masking(head=1),
}
"""What each name keeps; of a text too short to hide half of it, nothing is kept."""


class MaskingRule(Declared, frozen=True, kw_only=True):
    """A mask of one's own; never more than half of a text stays."""

    keep_head: Characters = 0
    """How many of the first characters are shown."""
    keep_tail: Characters = 0
    """How many of the last."""


def masking_of(rule: MaskName | MaskingRule | None) -> Masking | None:
    """Returns the mask that a declaration names or makes."""
    if isinstance(rule, MaskingRule):
        return Masking(rule.keep_head, rule.keep_tail)
    return None if rule is None else NAMED[rule]
