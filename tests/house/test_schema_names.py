"""Names of schemas: in an OpenAPI document each Struct of a body or an answer has a name of its own, which is that of its class."""

import importlib
from collections.abc import Iterable, Iterator

import msgspec

from fieldstone.engine.outcome import Remark
from fieldstone.surfaces.openapi.struct_schema import struct_schemas
from fieldstone.surfaces.rest.operations import DATA
from fieldstone.surfaces.rest.table import DataPart, HandlerPart
from tests.house.source import RUNTIME, modules_in

OF_THE_DOCUMENT = frozenset({"Error", "Query"})
"""What a document calls schemas that are no Structs."""

Structs = Iterable[type[msgspec.Struct]]


def structs_of_surfaces() -> Iterator[type[msgspec.Struct]]:
    """Yields the Structs of every body and answer that a route may have."""
    yield Remark
    for part in DATA.values():
        found = (part.body_type, part.answer_type, part.or_else if isinstance(part, DataPart) else None)
        yield from (struct for struct in found if struct is not None)
    for name in modules_in(RUNTIME):
        if name.startswith("fieldstone.surfaces."):
            for table in vars(importlib.import_module(name)).values():
                parts = table.values() if isinstance(table, dict) else ()
                for part in parts:
                    if isinstance(part, HandlerPart):
                        shapes = (part.body, part.answer, part.or_else, part.refusal)
                        yield from (struct for struct in shapes if struct is not None)


def clashes(structs: Structs) -> set[str]:
    """Returns the names that stand for no class, or for two: those that tell where a class is from, and the document's own."""
    structs = set(structs)
    names = set(struct_schemas(structs))
    qualified = {name for name in names if "." in name or "_" in name}
    return qualified | {struct.__name__ for struct in structs} - names | names & OF_THE_DOCUMENT


def test_each_struct_of_the_surfaces_has_a_name_of_its_own() -> None:
    structs = set(structs_of_surfaces())
    assert len(structs) > 50
    assert clashes(structs) == set()


def test_two_structs_of_one_name_are_found() -> None:
    one, other = (msgspec.defstruct("Answer", [("id", str)], module=f"surfaces.{name}") for name in ("one", "other"))
    holder = msgspec.defstruct("Holder", [("held", other)])
    assert clashes([one, holder])
    assert clashes([msgspec.defstruct("Query", [])])
    assert not clashes([one])
