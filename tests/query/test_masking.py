"""Masks: they keep what they say, never more than half, and never tell how long a text is."""

import pytest

from fieldstone.kinds.fields.masking import NAMED, MaskingRule, masking_of
from fieldstone.query.masking import Masking


@pytest.mark.parametrize(
    ("name", "text", "shown"),
    [
        ("phone", "+4930123456", "+49****56"),
        ("phone", "+4930123", "****"),
        ("id_card", "110101199003078515", "110****8515"),
        ("bank_account", "DE02120300000000202051", "****2051"),
        ("bank_account", "1234567", "****"),
        ("email", "ann.lee@example.org", "a****@example.org"),
        ("email", "a@example.org", "****@example.org"),
        ("email", "no address", "n****"),
        ("name", "Ann Lee", "A****"),
        ("name", "A", "****"),
        ("name", "", "****"),
    ],
)
def test_a_mask_keeps_what_its_name_says(name: str, text: str, shown: str) -> None:
    masking = {str(key): mask for key, mask in NAMED.items()}[name]
    assert masking(text) == shown
    assert masking(shown) == shown


def test_a_mask_of_ones_own_keeps_head_and_tail() -> None:
    masking = masking_of(MaskingRule(keep_head=2, keep_tail=1))
    assert masking is not None
    assert [masking(text) for text in ("abcdef", "abcdefghij", "abcde")] == ["ab****f", "ab****j", "****"]
    assert masking_of(None) is None


MASKS = (*NAMED.values(), Masking(), Masking(head=2, tail=2), Masking(head=1, tail=1, domain=True), Masking(tail=9))
LOCAL = (
    "",
    "*",
    "a",
    "ab",
    "abcd",
    "****",
    "a****",
    "*****",
    "****b",
    "a****b",
    "abcdefgh",
    "ÄÖß漢字\U0001f600",
    "line\nline",
)
TEXTS = (*LOCAL, *(f"{text}@{domain}" for text in LOCAL for domain in ("", "x.org", "y@x.org")), "a" * 500)


@pytest.mark.parametrize("mask", MASKS)
def test_the_texts_of_many_rows_are_shown_as_each_would_be(mask: Masking) -> None:
    rows: list[list[str | None]] = [[text, text, None] for text in TEXTS]
    for place in (1, 2):
        mask.over(place)(rows)
    assert rows == [[text, mask(text), None] for text in TEXTS]


@pytest.mark.parametrize("mask", MASKS)
def test_of_two_texts_that_differ_where_nothing_is_shown_the_same_is_shown(mask: Masking) -> None:
    kept = mask.head, mask.tail
    rows = [["x" * kept[0] + hidden + "y" * kept[1] + "@x.org" * mask.domain] for hidden in ("s" * 40, "t" * 41)]
    mask.over(0)(rows)
    assert rows[0] == rows[1]
