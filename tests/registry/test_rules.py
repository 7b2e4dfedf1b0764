"""Row rules: what row policies become."""

from pathlib import Path

import pytest

from fieldstone.errors import DeclarationError
from fieldstone.query.ast import (
    EVERYTHING,
    NOTHING,
    And,
    CallerHas,
    CallerValue,
    Filter,
    Holds,
    Literal,
    Or,
    Term,
)
from fieldstone.query.cel.ir import Op
from fieldstone.registry.catalog import PermissionSet
from tests.registry.declared import load

PRODUCT = """\
name: product
fields:
  title: {type: text}
  price: {type: currency}
  stock: {type: number, scale: 0}
  active: {type: boolean}
  made_on: {type: date}
  region: {type: select, options: [{value: north}, {value: south}]}
  maker: {type: user}
  secret: {type: text, internal: true}
"""


def linked(folder: Path, policies: str) -> PermissionSet:
    """Returns the linked permission set with these row policies."""
    text = f"name: seller\nobjects: {{product: {{allowRead: true}}}}\nrowLevelSecurity:\n{policies}"
    files = {"shop/product.object.yaml": PRODUCT, "shop/seller.permission.yaml": text}
    return load(folder, files).permissions["seller"]


def using(folder: Path, expression: str) -> Filter:
    """Returns the filter of one policy's `using`."""
    [rule] = linked(folder, f"  - {{name: only, object: product, using: '{expression}'}}\n").rules["product"]
    return rule.using


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("true", EVERYTHING),
        ("false", NOTHING),
        ('title == "x"', Term("title", "eq", Literal("x"))),
        ('"north" == region', Term("region", "eq", Literal("north"))),
        ("active == true", Term("active", "eq", Literal(value=True))),
        ("stock == 3", Term("stock", "eq", Literal(3))),
        ("record.stock == 3", Term("stock", "eq", Literal(3))),
        ("maker == current_user.id", And((CallerHas("id"), Term("maker", "eq", CallerValue("id"))))),
        ("user.email == title", And((CallerHas("email"), Term("title", "eq", CallerValue("email"))))),
        (
            'title == "x" && stock == 3 || active == false',
            Or(
                (
                    And((Term("title", "eq", Literal("x")), Term("stock", "eq", Literal(3)))),
                    Term("active", "eq", Literal(value=False)),
                )
            ),
        ),
    ],
)
def test_plain_equalities_become_comparisons(tmp_path: Path, expression: str, expected: Filter) -> None:
    assert using(tmp_path, expression) == expected


@pytest.mark.parametrize(
    "expression",
    ["price == 3", 'title != "x"', "!(stock == 3)", "title == region", 'made_on == date("2026-03-01")', "1 == 1"],
)
def test_anything_else_stays_an_expression(tmp_path: Path, expression: str) -> None:
    assert isinstance(using(tmp_path, expression), Holds)


def test_a_rule_over_a_value_of_the_caller_holds_only_for_who_has_one(tmp_path: Path) -> None:
    found = using(tmp_path, "maker == current_user.id || title == current_user.email")
    assert isinstance(found, And)
    assert found.items[:2] == (CallerHas("email"), CallerHas("id"))
    found = using(tmp_path, "!(maker == current_user.id)")
    assert isinstance(found, And)
    assert found.items[0] == CallerHas("id")
    assert isinstance(found.items[1], Holds)


def test_a_list_of_the_caller_is_never_absent(tmp_path: Path) -> None:
    found = using(tmp_path, "region in current_user.positions")
    assert isinstance(found, Holds)
    assert isinstance(found.node, Op)


def test_a_check_that_is_not_said_is_the_using_and_a_using_that_is_not_said_is_everything(tmp_path: Path) -> None:
    policies = (
        "  - {name: one, object: product, using: stock == 1}\n"
        "  - {name: two, object: product, operation: update, check: stock == 2}\n"
        "  - {name: three, object: product, operation: insert, using: stock == 3, check: stock == 4}\n"
    )
    rules = {rule.name: rule for rule in linked(tmp_path, policies).rules["product"]}
    assert rules["one"].operations == {"select", "insert", "update", "delete"}
    assert rules["one"].check == rules["one"].using == Term("stock", "eq", Literal(1))
    assert (rules["two"].using, rules["two"].check) == (EVERYTHING, Term("stock", "eq", Literal(2)))
    assert rules["two"].operations == {"update"}
    assert rules["three"].check == Term("stock", "eq", Literal(4))
    assert (rules["two"].place.line, rules["two"].place.column) == (5, 5)


def test_a_rule_over_every_object_is_a_rule_of_each(tmp_path: Path) -> None:
    rules = linked(tmp_path, "  - {name: own, object: '*', using: created_by == current_user.id}\n").rules
    assert set(rules) == {"product", "sys_user"}
    assert rules["product"] == rules["sys_user"]


def test_a_rule_that_is_switched_off_is_compiled_and_left_out(tmp_path: Path) -> None:
    assert linked(tmp_path, "  - {name: rest, object: product, enabled: false, using: stock == 1}\n").rules == {}
    with pytest.raises(DeclarationError, match="There is no `stok` here"):
        linked(tmp_path, "  - {name: rest, object: product, enabled: false, using: stok == 1}\n")


def test_what_the_database_cannot_compute_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DeclarationError, match=r"seller\.permission\.yaml:4:49 EXPRESSION .* cannot be computed"):
        using(tmp_path, 'title.matches("a.*")')


def test_an_internal_field_cannot_be_named(tmp_path: Path) -> None:
    with pytest.raises(DeclarationError, match="There is no `secret` here"):
        using(tmp_path, 'secret == "x"')


def test_a_policy_for_positions_asks_whether_its_caller_holds_one_before_and_after_a_write(tmp_path: Path) -> None:
    [rule] = linked(
        tmp_path,
        "  - {name: only, object: product, using: 'stock == 3', check: 'stock == 4', positions: [clerk, chief]}\n",
    ).rules["product"]
    using, check = rule.using, rule.check
    assert isinstance(using, And)
    assert isinstance(check, And)
    assert isinstance(using.items[0], Or)
    assert using.items[0] == check.items[0]
    assert (using.items[1], check.items[1]) == (Term("stock", "eq", Literal(3)), Term("stock", "eq", Literal(4)))
