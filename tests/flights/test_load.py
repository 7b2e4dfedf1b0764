"""A slice of the flights goes through a really started server, and every question is answered as the files say."""

import io
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from rich.console import Console

from packages.flights.client import DataApi, Refused
from packages.flights.load import APP, ask, dangling_lines, load
from packages.flights.source import Source, read_source
from tests.servers import ADMIN_EMAIL, Server, running_server, sign_in

FLIGHTS = 3_000


@pytest.fixture(scope="module")
def source() -> Source:
    return read_source(FLIGHTS)


@pytest.fixture
def server(database_url: str, tmp_path: Path) -> Iterator[Server]:
    with running_server(APP, database_url=database_url, folder=tmp_path) as started:
        yield started


@pytest.fixture
async def api(server: Server) -> AsyncIterator[DataApi]:
    headers = {"Authorization": f"Bearer {sign_in(server.url, ADMIN_EMAIL, server.admin_password)}"}
    async with httpx.AsyncClient(base_url=server.url, headers=headers, timeout=60, trust_env=False) as http:
        yield DataApi(http)


async def test_a_slice_loads_and_answers_as_the_files_do_until_a_record_changes(api: DataApi, source: Source) -> None:
    with pytest.raises(Refused):
        await api.create("airline", [{"carrier": "9E", "name": "Fine"}, {"carrier": "ZZZ", "name": "Too long a code"}])

    loaded = await load(api, source, Console(file=io.StringIO()))
    assert loaded.counts == {name: len(rows) for name, rows in source.items()}
    assert list(dangling_lines(loaded.dangling)) == [
        "flight.dest is null in 90: 90 name what is not there, 0 name nothing",
        "flight.tailnum is null in 487: 483 name what is not there, 4 name nothing",
        "flight.weather is null in 39: 39 name what is not there, 0 name nothing",
    ]
    compared = await ask(api, source)
    assert [(one.text, one.answered) for one in compared] == [(one.text, one.computed) for one in compared]

    longest = await api.list("flight", {"carrier": await api.id_of("airline", "carrier", "UA")}, orderBy="-air_time")
    in_the_air = [item["id"] for item in longest.items if item["air_time"] is not None]
    await api.delete("flight", in_the_air[0])
    changed = [place for place, one in enumerate(await ask(api, source)) if not one.equal]
    assert changed == [1, 5, 6, 8]
