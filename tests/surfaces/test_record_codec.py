"""Records as a surface writes them: prefixes on ids that stand alone, in lists, and in expanded records."""

from pathlib import Path

import msgspec
import pytest

from fieldstone.query.ast import EVERYTHING, Expansion
from fieldstone.surfaces.http.encode import encode_json
from fieldstone.surfaces.rest.records import RecordCodec
from tests.worlds import load_world

EVERY_NAME = frozenset({"id", "customer", "markets"})
PREFIXES = {"region": "reg_", "customer": "cus_", "purchase": "pur_"}


@pytest.fixture(scope="module")
def codecs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, RecordCodec]:
    folder: Path = tmp_path_factory.mktemp("codec")
    objects = load_world("shop", folder).objects
    prefixes = dict.fromkeys(objects, "") | PREFIXES
    made: dict[str, RecordCodec] = {}
    made.update((name, RecordCodec(declared, prefixes, made)) for name, declared in objects.items())
    return made


def test_a_list_of_ids_has_its_prefixes_as_it_is_stored_and_where_some_are_expanded(
    codecs: dict[str, RecordCodec],
) -> None:
    columns = ("id", "markets", "extra")
    stored = ("1", msgspec.Raw(b'["a","b"]'), msgspec.Raw(b'{"id":"x"}'))
    plain = codecs["purchase"].record(columns, stored)
    assert encode_json(plain) == b'{"id":"pur_1","markets":["reg_a","reg_b"],"extra":{"id":"x"}}'
    expansion = Expansion("markets", "region", "markets", ("id", "above"), EVERYTHING, many=True)
    row = ("1", ["a", {"id": "b", "above": "c"}], None)
    expanded = codecs["purchase"].record(columns, row, (expansion,))
    assert encode_json(expanded) == b'{"id":"pur_1","markets":["reg_a",{"id":"reg_b","above":"reg_c"}],"extra":null}'


def test_a_list_of_records_is_written_as_its_own_object_is(codecs: dict[str, RecordCodec]) -> None:
    inner = Expansion("customer", "customer", "customer", ("id",), EVERYTHING)
    expansion = Expansion(
        "purchase.customer", "purchase", "customer", ("id", "customer"), EVERYTHING, most=1, expand=(inner,)
    )
    row = ("1", [{"id": "2", "customer": {"id": "1"}}, {"id": "3", "customer": "1"}])
    shown = codecs["customer"].record(("id", "purchase.customer"), row, (expansion,))
    assert msgspec.json.decode(encode_json(shown)) == {
        "id": "cus_1",
        "purchase.customer": [{"id": "pur_2", "customer": {"id": "cus_1"}}, {"id": "pur_3", "customer": "cus_1"}],
    }
    asked = {
        "purchase.customer": {"where": {"customer.id": "cus_1"}, "expand": {"markets": {"where": {"id": "reg_a"}}}}
    }
    assert codecs["customer"].bare_expand(asked, lambda _name: EVERY_NAME) == {
        "purchase.customer": {"where": {"customer.id": "1"}, "expand": {"markets": {"where": {"id": "a"}}}}
    }
