"""Wide numbers: as many digits as sums need, in texts that sort as the numbers do."""

from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from fieldstone.query.measures import MEAN_DIGITS, WIDE
from fieldstone.store.wide import mean, narrowed, total, wide_decimal, wide_number, wide_text, widened

MOST = 10**WIDE - 1
NUMBERS = st.integers(-MOST, MOST)
INT64 = st.integers(-(2**63), 2**63 - 1)


def halves(values: list[int]) -> tuple[int, int]:
    """Returns the two sums that SQLite makes."""
    return sum(value >> 32 for value in values), sum(value & 0xFFFFFFFF for value in values)


@given(NUMBERS, NUMBERS)
def test_texts_stand_for_numbers_and_sort_as_they_do(one: int, other: int) -> None:
    assert wide_number(wide_text(one)) == one
    assert (wide_text(one) < wide_text(other)) == (one < other)
    assert len(wide_text(one)) == len(wide_text(other))


def test_a_number_beyond_all_becomes_the_nearest() -> None:
    assert wide_number(wide_text(10**80)) == MOST
    assert wide_number(wide_text(-(10**80))) == -MOST


@given(st.lists(INT64))
def test_a_sum_is_exact_and_that_of_nothing_is_zero(values: list[int]) -> None:
    assert wide_number(total(*halves(values))) == sum(values)
    assert wide_number(total(None, None)) == 0


@given(st.lists(INT64, min_size=1))
def test_a_mean_is_off_by_half_a_last_digit_at_most_and_half_goes_away_from_zero(values: list[int]) -> None:
    found = mean(*halves(values), len(values))
    assert found is not None
    shown, exact = Fraction(wide_number(found), 10**MEAN_DIGITS), Fraction(sum(values), len(values))
    half = Fraction(1, 2 * 10**MEAN_DIGITS)
    assert abs(shown - exact) <= half
    assert abs(shown - exact) < half or abs(shown) > abs(exact)


def test_there_is_no_mean_of_nothing() -> None:
    assert mean(None, None, 0) is None


@given(INT64, st.integers(0, 20))
def test_a_number_keeps_its_value_at_another_scale(number: int, digits: int) -> None:
    text = widened(number, digits)
    assert text is not None
    assert widened(wide_text(number), digits) == text
    assert wide_decimal(text, digits) == number
    assert narrowed(text, digits) == float(Decimal(number))


def test_nothing_stays_nothing() -> None:
    assert widened(None, 3) is None
    assert narrowed(None, 3) is None
