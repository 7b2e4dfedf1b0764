"""What is refused at load, with its place and the way out; and what names stand for."""

from collections.abc import Callable

import pytest

from fieldstone.query.cel.environment import Environment
from fieldstone.query.cel.expression import ExpressionError, compile_expression, line_column
from fieldstone.query.cel.ir import Lit, Ref
from fieldstone.query.cel.limits import DEPTH, NODES, SOURCE_CHARACTERS
from fieldstone.query.cel.types import BOOL, INT, STRING, struct_of
from tests.query.cel.sample import BARE, ENVIRONMENT, ROOTS

FAULTS: list[tuple[str, list[str]]] = [
    # the text is no expression: the first fault
    ("", ["0:0 SYNTAX The expression is empty"]),
    ("a = 1", ["2:3 SYNTAX Unexpected character '=' (Use `==` to compare)"]),
    ("a and b", ["2:5 SYNTAX Unexpected `and` here (Use `&&`)"]),
    ("(1", ["2:2 SYNTAX The expression ends too early, `)` is missing"]),
    ("size(1, )", ["8:9 SYNTAX Unexpected `)` here"]),
    ('"abc', ['0:4 SYNTAX The text that begins here does not end (Close it with ")']),
    (r'"\q"', [r"1:3 SYNTAX `\q` is no escape (A backslash is written `\\`)"]),
    (r'"\ud800"', ["1:7 SYNTAX This is not the number of a character"]),
    (r"r'\'", ["0:4 SYNTAX A raw text cannot end with a single backslash"]),
    ("1u", ["0:2 SYNTAX There are no unsigned numbers (Write it without `u`)"]),
    ('b"x"', ["0:4 SYNTAX There are no byte strings (Write it without `b`)"]),
    ("9223372036854775808", ["0:19 SYNTAX The number does not fit into 64 bits"]),
    ("1e999", ["0:5 SYNTAX The number is too large"]),
    ("record.in", ["7:9 SYNTAX Unexpected `in` here, the name of a field is missing"]),
    ("while", ["0:5 SYNTAX `while` is a reserved word (A field of this name is written `record.while`)"]),
    ("!-record.qty", ["1:2 SYNTAX Unexpected `-` here"]),
    # names
    ("record.nme == 'x'", ["7:10 UNKNOWN_FIELD `record` has no field `nme` (Did you mean `name`?)"]),
    ("record.zzz", ["7:10 UNKNOWN_FIELD `record` has no field `zzz`"]),
    ("recrd.name", ["0:5 UNKNOWN_NAME There is no `recrd` here (Did you mean `record`?)"]),
    ("zzz", ["0:3 UNKNOWN_NAME There is no `zzz` here (Known here are `record`, `current_user`, `previous`, `vars`)"]),
    ("record.at < now", ["12:15 UNKNOWN_NAME There is no `now` here (Write `now(...)`)"]),
    (
        "record.name.first",
        ["12:17 NO_FIELDS A string has no field `first` (Only records, maps and JSON values have fields)"],
    ),
    ("uper('a')", ["0:9 UNKNOWN_FUNCTION There is no function `uper` (Did you mean `upper`?)"]),
    ("record.name.upper()", ["12:19 UNKNOWN_FUNCTION `upper` is no method (Write `upper(...)`)"]),
    ("getHours(now())", ["0:15 UNKNOWN_FUNCTION `getHours` is a method (Write `value.getHours(...)`)"]),
    (
        "record.tags.exist(t, true)",
        ["12:26 UNKNOWN_FUNCTION There is no function `exist` (Did you mean `exists`?)", "18:19 UNKNOWN_NAME"],
    ),
    # types
    ("upper(record.qty)", ["0:17 TYPE_MISMATCH `upper` cannot take (int) (It takes (string))"]),
    (
        "addDays(record.due)",
        ["0:19 TYPE_MISMATCH `addDays` cannot take (date) (It takes (date, int), (timestamp, int))"],
    ),
    ("record.qty == 'x'", ["11:17 TYPE_MISMATCH `==` cannot take (int, string) (Both sides must be of one type)"]),
    (
        "record.due < '2026-01-01'",
        ['11:25 TYPE_MISMATCH `<` cannot take (date, string) (Write a constant as `date("2026-07-01")`)'],
    ),
    ("record.name + 1", ["12:15 TYPE_MISMATCH `+` cannot take (string, int) (Make it a text with `string(...)`)"]),
    (
        "record.qty + null",
        [
            "11:17 TYPE_MISMATCH `+` cannot take (int, null) (Null has no value; test with `== null` or give another value with `coalesce`)"
        ],
    ),
    ("record.qty && true", ["0:10 TYPE_MISMATCH `&&` cannot take int (It takes conditions, which are true or false)"]),
    ("record.active ? 1 : 'x'", ["14:23 TYPE_MISMATCH `?:` cannot take (bool, int, string)"]),
    ("record.tags['a']", ["11:16 TYPE_MISMATCH A list<string> has no item under a string (It takes `int`)"]),
    ("{1.5: 1}", ["1:4 TYPE_MISMATCH A double cannot be a key (Use a text)"]),
    ("has(1)", ["0:6 TYPE_MISMATCH `has` takes one field (As in `has(record.name)`)"]),
    ("record.qty.all(x, x)", ["11:20 TYPE_MISMATCH `all` needs a list, not a int"]),
    (
        "record.tags.all(t.x, true)",
        ["12:26 TYPE_MISMATCH `all` takes a name and a condition (As in `list.all(item, condition)`)"],
    ),
    (
        "record.tags.all(record, true)",
        ["16:22 NAME_TAKEN `record` already has a meaning here (Use another name for the item)"],
    ),
    ("record.tags.filter(t, size(t))", ["22:29 TYPE_MISMATCH The condition is a int (It must be true or false)"]),
    # constants that say nothing
    ("date('2026-13-01')", ["5:17 BAD_VALUE '2026-13-01' is no day; one looks like 2026-07-01"]),
    (
        "timestamp('2026-01-01T00:00:00')",
        ["10:31 BAD_VALUE '2026-01-01T00:00:00' is no instant; one looks like 2026-07-01T12:00:00Z"],
    ),
    ("duration('P')", ["9:12 BAD_VALUE 'P' is no duration; one looks like 720h, 30d or P30D"]),
    ("record.name.matches('(a+)+')", ["20:27 BAD_VALUE The pattern repeats a group that leaves a choice (`+` at 5)"]),
    # all of them at once
    (
        "record.nme > 1 && uper(record.name) == lower(record.qty) || foo",
        ["7:10 UNKNOWN_FIELD", "18:35 UNKNOWN_FUNCTION", "39:56 TYPE_MISMATCH", "60:63 UNKNOWN_NAME"],
    ),
]


@pytest.mark.parametrize(("source", "expected"), FAULTS)
def test_every_fault_is_told_with_its_place(source: str, expected: list[str]) -> None:
    with pytest.raises(ExpressionError) as raised:
        compile_expression(source, ENVIRONMENT)
    told = [f"{fault.pos}:{fault.end} {fault.code} {fault}" for fault in raised.value.faults]
    assert len(told) == len(expected)
    assert all(line.startswith(start) for line, start in zip(told, expected, strict=True)), told


@pytest.mark.parametrize(
    ("source", "refs"),
    [
        ("record.amount > 1 && current_user.id != 'x'", {("record", "amount"), ("current_user", "id")}),
        ("user.id == os.user.email", {("current_user", "id"), ("current_user", "email")}),
        ("record.tags.exists(t, t == record.name)", {("record", "tags"), ("record", "name")}),
        ("vars.x.y", {("vars",)}),
        ("1 == 1", set()),
    ],
)
def test_references_are_found_and_normalised(source: str, refs: set[tuple[str, ...]]) -> None:
    assert compile_expression(source, ENVIRONMENT).refs == refs


def test_bare_names_are_fields_of_the_record() -> None:
    bare = compile_expression("id == current_user.id && has(name)", BARE)
    assert bare.node == compile_expression("record.id == user.id && has(record.name)", BARE).node
    with pytest.raises(ExpressionError):
        compile_expression("id == current_user.id", ENVIRONMENT)


def test_a_root_goes_before_a_bare_field_and_that_before_an_alias() -> None:
    fields = struct_of({"user": INT, "current_user": INT})
    both = Environment({"record": fields, "current_user": ROOTS["current_user"]}, bare="record")
    assert _path("user", both) == ("record", "user")
    assert _path("current_user.id", both) == ("current_user", "id")
    assert _path("os.user.id", both) == ("current_user", "id")
    own = Environment({"os": struct_of({"user": STRING}), "current_user": ROOTS["current_user"]})
    assert _path("os.user", own) == ("os", "user")


def test_a_name_of_the_clock_cannot_be_a_root() -> None:
    with pytest.raises(ValueError, match="now"):
        Environment({"now": STRING})


def test_equality_of_trees_leaves_places_out_and_keeps_types_of_constants_apart() -> None:
    one, other = (compile_expression(text, ENVIRONMENT).node for text in ("record.qty==1", "record.qty  ==  1"))
    assert one == other
    assert hash(one) == hash(other)
    assert len({Lit(0, 1, INT, 1), Lit(5, 6, INT, 1), Lit(0, 1, BOOL, True), Lit(0, 1, INT, 1.0)}) == 3


def test_places_count_characters_and_lines() -> None:
    source = 'record.name == "é" ||\n  record.nme == ""'
    with pytest.raises(ExpressionError) as raised:
        compile_expression(source, ENVIRONMENT)
    assert line_column(source, raised.value.faults[0].pos) == (2, 10)


def test_the_place_of_an_expression_may_ask_for_a_type() -> None:
    for source in ("record.active", "vars.x"):
        assert compile_expression(source, ENVIRONMENT, BOOL).source == source
    with pytest.raises(ExpressionError, match="is an int, and a bool is needed"):
        compile_expression("record.qty", ENVIRONMENT, BOOL)


def test_limits_hold_at_n_and_not_at_n_plus_one() -> None:
    sources: list[tuple[Callable[[int], str], int]] = [
        ("1".rjust, SOURCE_CHARACTERS),
        (lambda count: " && ".join(["true"] * count), NODES - 1),
        (lambda count: " + ".join(["1"] * count), DEPTH),
        (lambda count: "(" * count + "1" + ")" * count, DEPTH - 1),
        (lambda count: "record" + ".data" * count, DEPTH - 1),
    ]
    for source, most in sources:
        compile_expression(source(most), ENVIRONMENT)
        with pytest.raises(ExpressionError) as raised:
            compile_expression(source(most + 1), ENVIRONMENT)
        assert [fault.code for fault in raised.value.faults] == ["TOO_LARGE"]


def _path(source: str, environment: Environment) -> tuple[str, ...]:
    node = compile_expression(source, environment).node
    assert isinstance(node, Ref)
    return node.path
