"""Linked objects: system fields, ownership, sharing, the wall, references."""

from pathlib import Path

import pytest

from fieldstone.query.ast import EVERYTHING, CallerValue, Exists, Term
from fieldstone.registry.catalog import Object
from fieldstone.registry.objects import OWN_ORGANIZATION
from tests.registry.declared import load


def linked(folder: Path, options: str, *, fields: str = "{title: {type: text}}") -> Object:
    """Returns the linked object `product` of a declaration with these options."""
    return load(folder, {"shop/product.object.yaml": f"name: product\n{options}\nfields: {fields}\n"}).objects[
        "product"
    ]


SHARED = ["created_at", "updated_at", "created_by", "updated_by", "version"]


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ("", ["id", "organization_id", "owner_id", *SHARED]),
        ("ownership: none", ["id", "organization_id", *SHARED]),
        ("tenancy: none", ["id", "owner_id", *SHARED]),
        ("ownership: none\ntenancy: none", ["id", *SHARED]),
        ("systemFields: {}", ["id", "organization_id", "owner_id", *SHARED]),
        ("systemFields: {tenant: false}", ["id", "owner_id", *SHARED]),
        ("systemFields: {audit: false}", ["id", "organization_id", "owner_id", "version"]),
        ("systemFields: false\nownership: none", ["id", "version"]),
    ],
)
def test_system_fields_come_first_in_their_order(tmp_path: Path, options: str, names: list[str]) -> None:
    subject = linked(tmp_path, options)
    assert list(subject.fields) == [*names, "title"]
    assert list(subject.shape.fields) == [*names, "title"]
    assert [name for name, field in subject.fields.items() if field.system] == names
    assert (subject.owned, subject.walled) == ("owner_id" in names, "organization_id" in names)


@pytest.mark.parametrize(
    ("options", "model"),
    [
        ("", "private"),
        ("ownership: none", "public_read_write"),
        ("sharingModel: public_read", "public_read"),
        ("ownership: none\nsharingModel: private", "private"),
    ],
)
def test_an_object_with_an_owner_is_private_unless_it_says_otherwise(tmp_path: Path, options: str, model: str) -> None:
    assert linked(tmp_path, options).sharing_model == model


def test_the_wall_is_the_organisation_of_the_record_or_of_a_membership_or_none(tmp_path: Path) -> None:
    assert linked(tmp_path, "").wall == Term("organization_id", "eq", CallerValue("organization_id"))
    assert linked(tmp_path, "tenancy: none").wall == EVERYTHING
    assert linked(tmp_path, "systemFields: {tenant: false}").wall == EVERYTHING
    catalog = load(
        tmp_path,
        {
            "shop/product.object.yaml": "name: product\nfields: {}\n",
            "shop/person.object.yaml": "name: person\ntenancy: {object: member, field: who}\nfields: {}\n",
            "shop/member.object.yaml": "name: member\nfields: {who: {type: lookup, reference: person}}\n",
        },
    )
    person = catalog.objects["person"]
    assert person.wall == Exists("member", "id", "who", OWN_ORGANIZATION)
    assert not person.walled
    assert "organization_id" not in person.fields


def test_a_record_under_its_parent_has_no_owner_of_its_own(tmp_path: Path) -> None:
    catalog = load(
        tmp_path,
        {
            "shop/order.object.yaml": "name: order\nfields: {number: {type: text}}\n",
            "shop/line.object.yaml": """\
                name: line
                sharingModel: controlled_by_parent
                fields: {order: {type: master_detail, reference: order}, also: {type: lookup, reference: order}}
                """,
        },
    )
    line = catalog.objects["line"]
    assert line.parent is line.fields["order"]
    assert not line.owned
    assert line.fields["order"].required
    assert catalog.objects["order"].parent is None
    pointing = [
        (reference.object, reference.field, reference.delete_behavior)
        for reference in catalog.objects["order"].referenced_by
    ]
    assert pointing == [("line", "order", "cascade"), ("line", "also", "set_null")]
    assert catalog.objects["order"].referrers == {"line": ("order", "also")}
    assert catalog.objects["sys_user"].referrers["line"] == ("created_by", "updated_by")


def test_the_owner_is_a_reference_that_is_emptied_and_the_makers_stay_written(tmp_path: Path) -> None:
    catalog = load(tmp_path, {"shop/product.object.yaml": "name: product\nfields: {}\n"})
    fields = catalog.objects["product"].fields
    assert (fields["owner_id"].reference, fields["owner_id"].delete_behavior) == ("sys_user", "set_null")
    assert (fields["created_by"].reference, fields["created_by"].delete_behavior) == ("sys_user", None)
    pointing = {(reference.object, reference.field) for reference in catalog.objects["sys_user"].referenced_by}
    assert pointing == {("product", "owner_id")}


def test_a_field_knows_its_label_its_place_and_what_it_holds(tmp_path: Path) -> None:
    fields = linked(tmp_path, "", fields="\n  due_on: {type: date}\n  price: {type: currency, label: Amount}").fields
    assert (fields["due_on"].label, fields["due_on"].declaration.label) == ("Due on", "Due on")
    assert fields["price"].label == "Amount"
    assert (fields["due_on"].place.line, fields["due_on"].place.column) == (4, 3)
    assert fields["due_on"].reader("2026-03-01") == "2026-03-01"
    assert not fields["id"].shape.nullable
    assert not fields["version"].shape.nullable
    assert fields["due_on"].shape.nullable


def test_unique_is_within_the_organisation_where_there_is_one(tmp_path: Path) -> None:
    declared = "{a: {type: text, unique: true}, b: {type: text, unique: organization}, c: {type: text, unique: global}}"
    fields = linked(tmp_path, "", fields=declared).fields
    assert [fields[name].unique for name in ("a", "b", "c", "id")] == ["organization", "organization", "global", None]
    fields = linked(tmp_path, "tenancy: none", fields=declared).fields
    assert [fields[name].unique for name in ("a", "b", "c", "id")] == ["global", "global", "global", None]


def test_a_password_and_an_internal_field_are_the_systems_own(tmp_path: Path) -> None:
    fields = linked(
        tmp_path, "", fields="{a: {type: password}, b: {type: text, internal: true}, c: {type: text}}"
    ).fields
    assert [fields[name].internal for name in ("a", "b", "c")] == [True, True, False]


def test_an_item_finds_the_place_of_what_is_in_it(tmp_path: Path) -> None:
    catalog = load(tmp_path, {"shop/product.object.yaml": "name: product\nfields:\n  title: {type: text}\n"})
    item = catalog.items["object"]["product"]
    assert item.document == {"name": "product", "fields": {"title": {"type": "text"}}}
    assert (item.at("fields", "title", "type").line, item.at("fields", "title", "type").column) == (3, 17)
