"""Masks: they keep what they say, never more than half, and never tell how long a text is."""

import pytest

from fieldstone.kinds.fields.masking import NAMED, MaskingRule, masking_of


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
    assert masking.shown(text) == shown
    assert masking.shown(shown) == shown


def test_a_mask_of_ones_own_keeps_head_and_tail() -> None:
    masking = masking_of(MaskingRule(keep_head=2, keep_tail=1))
    assert masking is not None
    assert [masking.shown(text) for text in ("abcdef", "abcdefghij", "abcde")] == ["ab****f", "ab****j", "****"]
    assert masking_of(None) is None
