"""Numbers and days as people write them: one meaning, or none; what has two is told."""

from decimal import Decimal

import pytest

from fieldstone.services.imports.amounts import TwoWays, read_amount
from fieldstone.services.imports.days import read_written_day, read_written_instant, read_written_time

TWO = "two ways"


@pytest.mark.parametrize(
    ("text", "mark", "meant"),
    [
        ("12", None, 12),
        ("-1.5", None, "-1.5"),
        ("1e3", None, "1E+3"),
        ("1.234", None, "1.234"),
        ("1,5", None, "1.5"),
        ("1,234", None, TWO),
        ("0,125", None, "0.125"),
        ("1.234", "ambiguous", TWO),
        ("1.234", ",", 1234),
        ("1,234", ".", 1234),
        ("1.234,56", None, "1234.56"),
        ("1,234.56", None, "1234.56"),
        ("1.234,56", ",", "1234.56"),
        ("1.234,56", ".", None),
        ("1.234.567", None, 1234567),
        ("1.23.4", None, None),
        ("12,34,567", None, None),
        ("1 234,5", None, "1234.5"),
        ("1’234.5", None, "1234.5"),
        ("1\u202f234", None, 1234),
        ("€ 9,90", None, "9.90"),
        ("9.90 EUR", None, "9.90"),
        ("12 %", None, 12),
        ("(12.50)", None, "-12.50"),
        ("12-", None, -12),
        ("−3", None, -3),
        ("-(3)", None, None),
        ("007", None, 7),
        ("1.", None, None),
        (".5", None, "0.5"),
        ("", None, None),
        ("many", None, None),
        ("NaN", None, None),
        ("9" * 200, None, None),
    ],
)
def test_a_number_is_read_by_its_marks(text: str, mark: str | None, meant: int | str | None) -> None:
    if meant == TWO:
        with pytest.raises(TwoWays):
            read_amount(text, mark)
    elif len(text) > 100:
        assert read_amount("€" + text, mark) is None
    else:
        assert read_amount(text, mark) == (Decimal(meant) if isinstance(meant, str) else meant)


@pytest.mark.parametrize(
    ("text", "order", "meant"),
    [
        ("2026-03-05", None, "2026-03-05"),
        ("2026/3/5", None, "2026-03-05"),
        ("20260305", None, "2026-03-05"),
        ("5.3.2026", None, "2026-03-05"),
        ("05.03.2026", "ambiguous", TWO),
        ("05/03/2026", None, TWO),
        ("05/03/2026", "dmy", "2026-03-05"),
        ("05/03/2026", "mdy", "2026-05-03"),
        ("05/03/2026", "ymd", None),
        ("25/03/2026", None, "2026-03-25"),
        ("03/25/2026", None, "2026-03-25"),
        ("03/03/2026", None, "2026-03-03"),
        ("5 March 2026", None, "2026-03-05"),
        ("Mar 5, 2026", None, "2026-03-05"),
        ("5-Sept-2026", None, "2026-09-05"),
        ("5 Marsh 2026", None, None),
        ("2026-03-05T00:00:00.000Z", None, "2026-03-05"),
        ("2026-03-05 08:00", None, None),
        ("05/03/26", None, None),
        ("tomorrow", None, None),
        ("", None, None),
        ("1" * 500, None, None),
    ],
)
def test_a_day_is_read_by_the_order_of_its_parts(text: str, order: str | None, meant: str | None) -> None:
    if meant == TWO:
        with pytest.raises(TwoWays):
            read_written_day(text, order)
    else:
        assert read_written_day(text, order) == meant


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("2026-03-05T14:30:00Z", "2026-03-05T14:30:00Z"),
        ("2026-03-05 14:30", "2026-03-05T14:30Z"),
        ("5.3.2026, 2:30 pm", "2026-03-05T14:30Z"),
        ("2026-03-05T14:30:00.5+0200", "2026-03-05T14:30:00.5+02:00"),
        ("2026-03-05 14:30 UTC", "2026-03-05T14:30Z"),
        ("2026-03-05", "2026-03-05T00:00:00Z"),
        ("2026-03-05 later", None),
        ("now", None),
    ],
)
def test_an_instant_without_a_zone_is_one_of_utc(text: str, meant: str | None) -> None:
    assert read_written_instant(text, None) == meant


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("9:05", "09:05"),
        ("14:30:10.250", "14:30:10.250"),
        ("12:00 am", "00:00"),
        ("12:15 P.M.", "12:15"),
        ("13:00 pm", None),
        ("9", None),
    ],
)
def test_a_time_of_day_may_be_of_the_afternoon(text: str, meant: str | None) -> None:
    assert read_written_time(text) == meant
