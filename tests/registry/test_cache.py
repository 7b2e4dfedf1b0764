"""The cache of readings: it saves parsing, and nothing that is wrong with it can do harm."""

import json
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from fieldstone.errors import DeclarationError
from fieldstone.registry.cache import Cache
from fieldstone.registry.catalog import Catalog
from fieldstone.registry.source import Source, Spot, parse
from tests.registry.declared import load

FILES = {
    "shop/product.object.yaml": "name: product\nfields:\n  title: {type: text}\n  price: {type: currency, min: 0.5}\n",
    "shop/products.seed.yaml": """\
        name: products
        object: product
        externalId: title
        records: [{title: Bread, price: 2.50}, {title: 'é😀', price: 1}]
        """,
}


def seen(catalog: Catalog) -> object:
    """Returns what can be told apart between two loads of the same files."""
    fields = [(field.place, field.declaration, field.shape) for field in catalog.objects["product"].fields.values()]
    items = [
        (item.document, item.place, item.at("fields", "price", "min")) for item in catalog.items["object"].values()
    ]
    return catalog.version, fields, catalog.seeds, items


def test_a_catalog_from_the_cache_is_the_same_to_the_last_digit_and_place(tmp_path: Path) -> None:
    first = load(tmp_path, FILES, cache=tmp_path / "cache")
    second = load(tmp_path, FILES, cache=tmp_path / "cache")
    assert seen(second) == seen(first) == seen(load(tmp_path, FILES))
    assert second.seeds[0].records[0]["price"] == Decimal("2.50")
    assert str(second.seeds[0].records[0]["price"]) == "2.50"


def test_what_is_kept_is_not_parsed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[str] = []

    def counted(text: str, file: str) -> object:
        parsed.append(Path(file).name)
        return parse(text, file)

    monkeypatch.setattr("fieldstone.registry.documents.parse", counted)
    load(tmp_path, FILES, cache=tmp_path / "cache")
    assert "product.object.yaml" in parsed
    parsed.clear()
    load(tmp_path, FILES, cache=tmp_path / "cache")
    assert sorted(parsed) == ["app.yaml", "package.yaml", "package.yaml"]


def test_of_several_files_only_those_that_have_changed_are_parsed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(tmp_path, FILES, cache=tmp_path / "cache")
    parsed: list[str] = []

    def counted(text: str, file: str) -> object:
        parsed.append(Path(file).name)
        return parse(text, file)

    monkeypatch.setattr("fieldstone.registry.documents.parse", counted)
    changed = {**FILES, "shop/product.object.yaml": FILES["shop/product.object.yaml"] + "label: Changed\n"}
    load(tmp_path, changed, cache=tmp_path / "cache")
    assert [name for name in parsed if name not in ("app.yaml", "package.yaml")] == ["product.object.yaml"]


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    first = load(tmp_path, FILES, cache=tmp_path / "cache")
    changed = {**FILES, "shop/product.object.yaml": FILES["shop/product.object.yaml"].replace("title", "label")}
    changed["shop/products.seed.yaml"] = FILES["shop/products.seed.yaml"].replace("title", "label")
    second = load(tmp_path, changed, cache=tmp_path / "cache")
    assert "label" in second.objects["product"].fields
    assert first.version != second.version


def test_a_renamed_file_makes_another_version(tmp_path: Path) -> None:
    first = load(tmp_path, FILES)
    (tmp_path / "shop/product.object.yaml").rename(tmp_path / "shop/other.yaml")
    (tmp_path / "shop/other.yaml").unlink()
    moved = {"shop/objects/product.object.yaml": FILES["shop/product.object.yaml"]}
    assert load(tmp_path, moved).version != first.version


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"\x00\xff",
        b"{",
        b"[]",
        b'{"key": 5, "sources": {}}',
        b'{"key": "", "sources": {}}',
        b'{"key":"x","sources":' + b"[" * 100_000,
    ],
)
def test_a_damaged_cache_is_left_aside_and_made_anew(tmp_path: Path, damage: bytes) -> None:
    file = tmp_path / "cache/declarations.json"
    first = load(tmp_path, FILES, cache=tmp_path / "cache")
    good = file.read_bytes()
    file.write_bytes(damage)
    assert seen(load(tmp_path, FILES, cache=tmp_path / "cache")) == seen(first)
    assert file.read_bytes() == good


def test_a_cache_of_the_right_key_with_other_contents_does_not_get_past_the_types(tmp_path: Path) -> None:
    load(tmp_path, FILES, cache=tmp_path / "cache")
    file = tmp_path / "cache/declarations.json"
    kept = json.loads(file.read_bytes())
    for source in kept["sources"].values():
        source["value"] = {"name": "product", "fields": {"title": {"type": "nonsense"}}}
    file.write_bytes(json.dumps(kept).encode())
    assert "title" in load(tmp_path, FILES, cache=tmp_path / "cache").objects["product"].fields


def test_declarations_with_a_fault_are_not_kept(tmp_path: Path) -> None:
    with pytest.raises(DeclarationError):
        load(tmp_path, {"shop/product.object.yaml": "name: product\n"}, cache=tmp_path / "cache")
    assert not (tmp_path / "cache").exists()


def test_a_folder_that_cannot_be_written_is_no_hindrance(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    assert "product" in load(tmp_path, FILES, cache=tmp_path / "cache").objects


def test_a_fault_of_linking_is_found_again_from_the_cache(tmp_path: Path) -> None:
    files = {"shop/product.object.yaml": "name: product\nfields: {maker: {type: lookup, reference: makr}}\n"}
    for _ in range(2):
        with pytest.raises(DeclarationError, match=r"product\.object\.yaml:2:43 UNKNOWN_OBJECT"):
            load(tmp_path, files, cache=tmp_path / "cache")


def test_sources_come_back_as_they_went_in(tmp_path: Path) -> None:
    value = {"a": [1, Decimal("0.10"), None, True, "x", {}], "b": {}}
    sources = {"a hash": Source(value, Spot(4097, keys={"a": Spot(4100, 4097, items=[Spot(5000)])}))}
    cache = Cache(tmp_path)
    cache.save(sources)
    assert cache.load() == sources
    assert msgspec.json.encode(cache.load()) == msgspec.json.encode(sources)
