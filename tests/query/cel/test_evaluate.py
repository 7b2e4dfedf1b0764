"""What expressions are worth: tables of text and value, or of text and the reason why there is none."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from fieldstone.query.cel.expression import EvaluationError, compile_expression, evaluator
from fieldstone.query.cel.limits import ITERATIONS, LIST_ITEMS
from tests.query.cel.sample import ACTIVATION, ENVIRONMENT

VALUES: list[tuple[str, Any]] = [
    # arithmetic
    ("7 / 2", 3),
    ("-7 / 2", -3),
    ("-7 % 3", -1),
    ("record.qty + 1", 8),
    ("record.qty + 0.5", 7.5),
    ("record.qty * record.ratio", 3.5),
    ("record.amount + 0.1", Decimal("10.60")),
    ("record.amount * 3", Decimal("31.50")),
    ("record.amount / 4", 2.625),
    ("-record.amount", Decimal("-10.50")),
    ("0.1 + 0.2 + record.amount", Decimal("10.80")),
    ("abs(-record.qty)", 7),
    ("round(2.5)", 3),
    ("round(-2.5)", -3),
    ("round(record.amount * 1.05, 2)", Decimal("11.03")),
    ("floor(-0.5)", -1),
    ("ceil(record.amount)", 11),
    ("min(record.qty, record.amount)", Decimal(7)),
    ("max(1, 2.5)", 2.5),
    # comparison
    ("record.amount == 10.5", True),
    ("record.amount > 10.49999999999999999999", True),
    ("record.qty == 7.0", True),
    ("record.qty < 7.5 && record.ratio >= 0.5", True),
    ('record.name < "Z"', True),
    ("record.price == null", True),
    ("record.price != null", False),
    ("null == null", True),
    ("record.due == record.at", False),
    ("record.due > record.at", True),
    ("record.data.a == [1, 2.5, {'b': 'c'}]", True),
    ("record.data.a[0] == 'x'", False),
    ("record.qty in [1, 7]", True),
    ("record.amount in [10.5]", True),
    ("record.price in [1, null]", True),
    ("'b' in {'a': 1}", False),
    ("'admin' in current_user.roles", True),
    # logic: a decisive side wins over an error
    ("record.price > 1 || true", True),
    ("true || record.price > 1", True),
    ("record.price > 1 && false", False),
    ("record.active ? record.qty : record.amount", Decimal(7)),
    ("record.price == null ? 'none' : 'some'", "none"),
    ("record.active ? null : 1", None),
    # text
    ("record.name + '!'", "Ann Müller!"),
    ("upper(record.name) + lower('ÄB')", "ANN MÜLLERäb"),
    ("trim(' \t a b\\n')", "a b"),
    ("size(record.name)", 10),
    ("len(record.tags) + record.tags.size()", 4),
    ("record.name.startsWith('Ann') && endsWith(record.name, 'ller') && contains(record.name, 'n M')", True),
    ("record.name.matches('^[A-Z][a-z]+ ')", True),
    ("joinNonEmpty([record.name, ' ', '', 'x'], '-')", "Ann Müller-x"),
    # null and emptiness
    ("isBlank(' \t')", True),
    ("isBlank(record.price) && isBlank([]) && !isBlank(0)", True),
    ("isEmpty(' ')", False),
    ("isEmpty('') && isEmpty(record.price) && isEmpty({})", True),
    ("coalesce(record.price, record.amount)", Decimal("10.50")),
    ("coalesce(record.price, null)", None),
    ("has(record.price)", True),
    ("has(record.data.n)", True),
    ("has(record.data.m)", False),
    ("has(previous.name)", False),
    ("previous == null", True),
    # time
    ("now()", "2026-07-01T23:30:00.000Z"),
    ("today()", "2026-07-02"),
    ("daysFromNow(1) - daysAgo(1)", "172800s"),
    ("addDays(record.due, -5)", "2026-06-30"),
    ("addDays(record.at, 1)", "2026-07-02T12:30:45.678Z"),
    ("addMonths(date('2024-01-31'), 1)", "2024-02-29"),
    ("addMonths(record.at, -18)", "2025-01-01T12:30:45.678Z"),
    ("daysBetween(record.at, record.due)", 4),
    ("record.at + duration('1h30m')", "2026-07-01T14:00:45.678Z"),
    ("record.at - duration('P1DT12H')", "2026-06-30T00:30:45.678Z"),
    ("duration('30d') == duration('720h') && duration('P30D') == duration('2592000s')", True),
    ("(record.due - record.at).getHours()", 83),
    ("record.at.getFullYear() * 10000 + record.at.getMonth() * 100 + record.at.getDate()", 20260601),
    ("record.at.getDayOfWeek()", 3),
    ("record.at.getDayOfYear() + record.due.getDayOfMonth()", 185),
    ("record.at.getHours('Asia/Tokyo')", 21),
    ("record.at.getMinutes() + record.at.getSeconds() + record.at.getMilliseconds()", 30 + 45 + 678),
    ("timestamp('2026-07-01T14:30:45.6789+02:00') == record.at", True),
    ("datetime('2026-07-01T12:30:45') < record.at", True),
    ("date(record.at)", "2026-07-01"),
    # conversion
    ("string(record.amount) + string(7) + string(1.0) + string(0.1) + string(true)", "10.50710.1true"),
    ("string(record.at) + string(record.due)", "2026-07-01T12:30:45.678Z2026-07-05"),
    ("int('-12') + int(2.9) + int(record.amount)", 0),
    ("double('1.5') + double(2)", 3.5),
    ("bool('true') == true", True),
    # lists, maps and macros
    ("[1, 2] + [3]", [1, 2, 3]),
    ("[record.due, record.at]", ["2026-07-05T00:00:00.000Z", "2026-07-01T12:30:45.678Z"]),
    ("{'a': record.at}.a", "2026-07-01T12:30:45.678Z"),
    ("record.data.a[2].b", "c"),
    ("vars.k + 1", 3),
    ("record.tags.exists(t, t == 'blue')", True),
    ("record.tags.all(t, size(t) > 3)", False),
    ("record.tags.exists_one(t, t.startsWith('r'))", True),
    ("record.tags.filter(t, t != 'red')", ["blue"]),
    ("record.tags.map(t, upper(t))", ["RED", "BLUE"]),
    ("record.tags.map(t, t != 'red', size(t))", [4]),
    ("[[1, 2], [3]].map(x, x.map(y, y * x.size()))", [[2, 4], [3]]),
    ("[1, 2].all(x, [1, 2].exists(x, x == 2) && x < 3)", True),
    ("{'a': 1, 'b': 2}.exists(k, k == 'b')", True),
    ("[0, 2].exists(x, 2 / x == 1)", True),
]

ERRORS: list[tuple[str, str, int]] = [
    ("record.price + 1", "NULL_VALUE", 13),
    ("record.price < 1", "NULL_VALUE", 13),
    ("null == record.price ? record.price * 2 : 1", "NULL_VALUE", 36),
    ("upper(vars.s) + record.data.n", "NULL_VALUE", 14),
    ("!(record.price > 1)", "NULL_VALUE", 15),
    ("record.price > 1 || false", "NULL_VALUE", 13),
    ("previous.name == 'x'", "NULL_VALUE", 0),
    ("1 / (record.qty - 7)", "DIVISION_BY_ZERO", 2),
    ("record.amount / 0", "DIVISION_BY_ZERO", 14),
    ("9223372036854775807 + 1", "OVERFLOW", 20),
    ("addDays(record.due, 10000000)", "OVERFLOW", 0),
    ("int('x')", "BAD_VALUE", 0),
    ("record.at.getHours('Mars')", "BAD_VALUE", 10),
    ("record.tags[2]", "OUT_OF_RANGE", 11),
    ("record.data.z", "NO_SUCH_KEY", 12),
    ("vars.k + 'a'", "NO_OVERLOAD", 7),
    ("vars.s < 1", "NO_OVERLOAD", 7),
    ("[0, 2].exists(x, 2 / x == 3)", "DIVISION_BY_ZERO", 19),
    ("[0, 2].all(x, 2 / x == 1)", "DIVISION_BY_ZERO", 16),
]


@pytest.mark.parametrize(("source", "value"), VALUES)
def test_an_expression_has_its_value(source: str, value: Any) -> None:
    got = _evaluate(source)
    assert (got, type(got)) == (value, type(value))


@pytest.mark.parametrize(("source", "reason", "pos"), ERRORS)
def test_an_expression_without_a_value_says_why_and_where(source: str, reason: str, pos: int) -> None:
    with pytest.raises(EvaluationError) as raised:
        _evaluate(source)
    assert (raised.value.reason, raised.value.pos) == (reason, pos)


def test_an_absent_field_of_the_record_is_null() -> None:
    assert _evaluate("record.name == null", record={}) is True


def test_a_root_that_nobody_gave_is_an_error_and_not_null() -> None:
    compiled = compile_expression("vars == null", ENVIRONMENT)
    with pytest.raises(EvaluationError, match="not given"):
        evaluator(compiled)({})


def test_json_fresh_from_the_store_is_read() -> None:
    assert _evaluate("record.data.a[1]", record={"data": msgspec.Raw(b'{"a":[1,2]}')}) == 2
    assert _evaluate("'x' in record.tags", record={"tags": msgspec.Raw(b'["x"]')}) is True


def test_a_value_that_is_not_of_its_type_is_an_error() -> None:
    with pytest.raises(EvaluationError) as raised:
        _evaluate("record.at < now()", record={"at": "yesterday"})
    assert raised.value.reason == "BAD_VALUE"


def test_the_clock_is_the_activations() -> None:
    compiled = compile_expression("today()", ENVIRONMENT)
    assert evaluator(compiled)({"now": "2026-12-31T23:30:00.000Z"}) == "2026-12-31"
    with pytest.raises(EvaluationError, match="no clock"):
        evaluator(compiled)({})


def test_macros_together_take_a_bounded_number_of_steps() -> None:
    items = list(range(100))
    nested = "vars.l.all(a, vars.l.all(b, a >= 0 || b >= 0))"
    assert _evaluate("vars.l.all(a, a >= 0)", vars={"l": list(range(ITERATIONS))}) is True
    with pytest.raises(EvaluationError) as raised:
        _evaluate(nested, vars={"l": items})
    assert raised.value.reason == "TOO_LARGE"
    with pytest.raises(EvaluationError):
        _evaluate(f"{nested} || true", vars={"l": items})


def test_lists_have_a_bounded_length() -> None:
    assert len(_evaluate("vars.l + [1]", vars={"l": [0] * (LIST_ITEMS - 1)})) == LIST_ITEMS
    for source in ("vars.l + [1]", "(vars.l + [1]).map(x, x)"):
        with pytest.raises(EvaluationError) as raised:
            _evaluate(source, vars={"l": [0] * LIST_ITEMS})
        assert raised.value.reason == "TOO_LARGE"


def _evaluate(source: str, **given: Any) -> Any:
    return evaluator(compile_expression(source, ENVIRONMENT))({**ACTIVATION, **given})


def test_a_list_of_the_caller_may_be_kept_as_a_tuple() -> None:
    activation = {**ACTIVATION, "current_user": {**ACTIVATION["current_user"], "roles": ("admin", "chief")}}
    for source in ("'chief' in current_user.roles", "current_user.roles == ['admin', 'chief']"):
        assert evaluator(compile_expression(source, ENVIRONMENT))(activation) is True
