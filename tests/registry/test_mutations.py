"""Whatever is done to a valid declaration, loading answers with a catalog or with faults that can be found, and never breaks."""

import copy
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fieldstone.errors import DeclarationError
from fieldstone.registry.codes import Code
from fieldstone.registry.source import parse
from tests.registry.declared import load

VALID = {
    "shop/maker.object.yaml": """\
name: maker
ownership: none
nameField: title
fields:
  title: {type: text, required: true, unique: true}
""",
    "shop/product.object.yaml": """\
name: product
label: Product
sharingModel: public_read
idPrefix: pro_
fields:
  title: {type: text, required: true, maxLength: 120, searchable: true, pattern: "^[A-Z]"}
  price: {type: currency, min: 0.5, defaultValue: 1.50}
  made_on: {type: date, defaultValue: today()}
  kind: {type: select, options: [{value: a, default: true}, {value: b}]}
  maker: {type: lookup, reference: maker, required: true, deleteBehavior: restrict}
  extra: {type: json}
indexes:
  - {fields: [kind, made_on], unique: true}
""",
    "shop/part.object.yaml": """\
name: part
sharingModel: controlled_by_parent
fields: {product: {type: master_detail, reference: product}}
""",
    "shop/seller.permission.yaml": """\
name: seller
objects: {product: {allowRead: true}, '*': {allowRead: true}}
fields: {product.price: {readable: false}}
systemPermissions: ['query:explain']
rowLevelSecurity:
  - {name: own, object: product, operation: update, using: owner_id == current_user.id, check: 'price > 1.5'}
  - name: long
    object: '*'
    using: >-
      created_by == current_user.id
      || created_by == null
""",
    "shop/makers.seed.yaml": "name: makers\nobject: maker\nexternalId: title\nrecords: [{title: One}, {title: 'Two, Three'}]\n",
    "shop/shop.api.yaml": """\
name: shop
basePath: /shop
auth: [{scheme: bearer}]
envelope: data
errors: flat
queries: mapped
pager: {style: cursor}
operations:
  - {id: list, method: GET, path: /products, operation: list, object: product, parameters: {q: {field: title}}}
  - {id: get, method: GET, path: "/{object}/{id}", operation: get}
  - {id: close, method: POST, path: /close, handler: shop.close}
""",
}

NAMES = st.sampled_from(sorted(VALID))
SCALARS: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-10, 10**9),
    st.sampled_from(["", "x", "product", "*", "a.b", "é😀", "[", "{", "0", "a\nb"]),
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
)
SNIPPETS = st.sampled_from(
    [
        "\t",
        ":",
        " ",
        "\n",
        "'",
        '"',
        "{",
        "}",
        "[",
        "]",
        "- ",
        "&a ",
        "*a",
        "!x ",
        "#",
        "yes",
        "\x00",
        "é",
        "%",
        "|",
        ">",
        "? ",
        "---\n",
    ]
)

pytestmark = pytest.mark.filterwarnings("error")


def answered(folder: Path, files: dict[str, str]) -> tuple[Code, ...]:
    """Returns the codes of the faults of an app, none when it loads; checks that each fault can be found and read."""
    try:
        load(folder, files)
    except DeclarationError as error:
        for fault in error.faults:
            lines = Path(fault.place.file).read_text("utf-8").split("\n")
            assert 1 <= fault.place.line <= len(lines)
            assert 1 <= fault.place.column <= len(lines[fault.place.line - 1]) + 1
            assert fault.message.strip().endswith((".", "?"))
            assert fault.code in set(Code)
        return tuple(Code(fault.code) for fault in error.faults)
    return ()


def paths(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yields the path of everything in a plain value but the whole."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*above, key)
        yield from paths(item, (*above, key))


def changed(value: Any, path: tuple[Any, ...], change: str, other: Any) -> Any:
    """Returns a plain value with one thing in it replaced, removed or renamed."""
    copied = copy.deepcopy(value)
    inside = copied
    for step in path[:-1]:
        inside = inside[step]
    if change == "replace":
        inside[path[-1]] = other
    else:
        kept = inside.pop(path[-1])
        if change == "rename" and isinstance(inside, dict):
            inside[f"{path[-1]}x"] = kept
    return copied


def as_text(value: Any) -> str:
    return msgspec.json.encode(value, enc_hook=str).decode() if not isinstance(value, Decimal) else str(value)


def test_what_is_mutated_is_valid(tmp_path: Path) -> None:
    assert answered(tmp_path, VALID) == ()


@pytest.mark.parametrize("name", sorted(VALID))
def test_an_unknown_key_at_any_top_is_told(tmp_path: Path, name: str) -> None:
    assert answered(tmp_path, {**VALID, name: f"{VALID[name]}zzz: 1\n"}) == (Code.UNKNOWN_KEY,)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(name=NAMES, data=st.data())
def test_a_changed_value_is_answered(tmp_path: Path, name: str, data: st.DataObject) -> None:
    source, _ = parse(VALID[name], name)
    assert source is not None
    path = data.draw(st.sampled_from(list(paths(source.value))))
    change = data.draw(st.sampled_from(["replace", "remove", "rename"]))
    value = changed(source.value, path, change, data.draw(VALUES) if change == "replace" else None)
    answered(tmp_path, {**VALID, name: as_text(value)})


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(name=NAMES, data=st.data())
def test_changed_text_is_answered(tmp_path: Path, name: str, data: st.DataObject) -> None:
    text = VALID[name]
    at = data.draw(st.integers(0, len(text)))
    cut = data.draw(st.integers(0, 12))
    answered(tmp_path, {**VALID, name: text[:at] + data.draw(SNIPPETS) + text[at + cut :]})
