"""What `/meta` tells of a field, to somebody who may not know all the fields that its declaration names."""

from pathlib import Path
from typing import Any

import pytest

from fieldstone.services.meta.field_names import cut_computed, cut_field
from tests.registry.declared import load

FILES = {
    "shop/maker.object.yaml": "name: maker\nfields: {title: {type: text}, rank: {type: number}}\n",
    "shop/product.object.yaml": """\
name: product
fields:
  title: {type: text}
  price: {type: number}
  kind: {type: select, options: [{value: a}, {value: b, visibleWhen: record.price > 1.0}]}
  maker:
    type: lookup
    reference: maker
    dependsOn: [title, price]
    displayField: title
    descriptionField: rank
    lookupColumns: [rank]
    lookupFilters: [{field: rank, operator: gt, value: 1}]
""",
}
COUNTED = {
    "shop/maker.object.yaml": """\
name: maker
fields:
  code: {type: text}
  number: {type: autonumber, format: "{code}-{00}"}
  cheap: {type: summary, summaryOperations: {object: product, function: count, filter: {price: {$lt: 1}}}}
""",
    "shop/product.object.yaml": "name: product\nfields: {maker: {type: lookup, reference: maker}, price: {type: number}}\n",
}
ALL = {"title", "price", "kind", "maker"}


@pytest.mark.parametrize(
    ("name", "known", "of_target", "gone"),
    [
        ("maker", ALL, {"title", "rank"}, set()),
        ("maker", ALL, {"title"}, {"descriptionField", "lookupColumns", "lookupFilters"}),
        ("maker", ALL, set(), {"displayField", "descriptionField", "lookupColumns", "lookupFilters"}),
        ("maker", {"maker"}, {"title", "rank"}, {"dependsOn"}),
    ],
)
def test_keys_that_name_what_is_hidden_are_left_out(
    tmp_path: Path, name: str, known: set[str], of_target: set[str], gone: set[str]
) -> None:
    whole, cut = shown(tmp_path, name, known, of_target)
    assert whole.keys() - cut.keys() == gone
    assert cut == {key: value for key, value in whole.items() if key in cut}


def test_a_list_is_cut_to_what_may_be_known(tmp_path: Path) -> None:
    _, cut = shown(tmp_path, "maker", ALL - {"price"}, {"title"})
    assert cut["dependsOn"] == ["title"]


def test_an_option_does_not_tell_when_it_is_shown_where_that_names_something_hidden(tmp_path: Path) -> None:
    whole, cut = shown(tmp_path, "kind", ALL, set())
    assert cut == whole
    _, cut = shown(tmp_path, "kind", ALL - {"price"}, set())
    assert cut["options"] == [{"value": "a"}, {"value": "b"}]


def shown(folder: Path, name: str, known: set[str], of_target: set[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Returns the document of a field of products, whole and cut."""
    catalog = load(folder, FILES)
    whole = catalog.items["object"]["product"].document["fields"][name]
    return whole, cut_field(whole, catalog.objects["product"], known, of_target)


@pytest.mark.parametrize(
    ("name", "known", "of_children", "gone"),
    [
        ("cheap", {"cheap"}, {"maker", "price"}, set()),
        ("cheap", {"cheap"}, {"maker"}, {"summaryOperations"}),
        ("cheap", {"cheap"}, {"price"}, {"summaryOperations"}),
        ("number", {"code", "number"}, set(), set()),
        ("number", {"number"}, set(), {"format"}),
    ],
)
def test_what_a_field_is_computed_from_is_left_out_where_that_is_hidden(
    tmp_path: Path, name: str, known: set[str], of_children: set[str], gone: set[str]
) -> None:
    catalog = load(tmp_path, COUNTED)
    whole = catalog.items["object"]["maker"].document["fields"][name]
    cut = cut_computed(whole, catalog.objects["maker"].fields[name].declaration, known, of_children)
    assert whole.keys() - cut.keys() == gone
