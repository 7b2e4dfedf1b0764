"""`fieldstone query` and `fieldstone export`: as the named user, beside a server on the same database, with nothing half written."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import openpyxl
import pytest
from pypdf import PdfReader

from tests.cli.run import Run
from tests.databases import PostgresServer, sqlite_address
from tests.servers import ADMIN_EMAIL, running_server, sign_in

PASSWORD = "a good password"
FILES = {
    "app.yaml": "name: round\npackages: [./visits]\n",
    "visits/package.yaml": "name: visits\nversion: 1.0.0\n",
    "visits/objects/visit.object.yaml": (
        "name: visit\nlabel: Visit\npluralLabel: Visits\nsharingModel: private\nnameField: customer\nfields:\n"
        "  customer: {type: text, searchable: true}\n  hours: {type: number, scale: 2}\n"
        "  note: {type: text}\n  status: {type: select, options: [{value: open, label: Open}, {value: done, label: Done}]}\n"
    ),
    "visits/permissions/caller.permission.yaml": (
        "name: caller\nlabel: Caller\nobjects:\n  visit: {allowRead: true, allowCreate: true}\n"
        "fields:\n  visit.note: {readable: false}\n"
    ),
    "visits/permissions/onlooker.permission.yaml": (
        "name: onlooker\nlabel: Onlooker\nobjects:\n  visit: {allowRead: true, viewAllRecords: true, allowExport: false}\n"
    ),
}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if request.param == "sqlite":
        yield sqlite_address(tmp_path_factory.mktemp("round") / "round.db")
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    with server.fresh_database() as url:
        yield url


@pytest.fixture(scope="module")
def served(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An app that is served, with two callers' visits in it."""
    folder = tmp_path_factory.mktemp("served")
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    with running_server(folder, database_url=database, folder=folder) as server:
        with httpx.Client(base_url=f"{server.url}/api/v1/data", trust_env=False) as http:
            admin = {"Authorization": f"Bearer {sign_in(server.url, ADMIN_EMAIL, server.admin_password)}"}
            for name, permission_set in (("ann", "caller"), ("bob", "caller"), ("olaf", "onlooker")):
                person = {"email": f"{name}@example.org", "name": name, "password": PASSWORD}
                user = http.post("/sys_user", headers=admin, json=person).raise_for_status().json()["id"]
                grant = {"user_id": user, "permission_set": permission_set}
                http.post("/sys_user_permission_set", headers=admin, json=grant).raise_for_status()
            for name in ("ann", "bob"):
                token = {"Authorization": f"Bearer {sign_in(server.url, f'{name}@example.org', PASSWORD)}"}
                for number in range(3):
                    visit = {"customer": f"={name} {number}\x1b[31m", "hours": number + 0.5, "status": "open"}
                    http.post("/visit", headers=token, json=visit).raise_for_status()
        yield folder


@pytest.fixture
def round_of(
    run: Callable[..., Run], served: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Run]:
    """Runs a command about visits, as somebody, while the server serves."""
    for name in ("FIELDSTONE_ENV", "FIELDSTONE_ADMIN_EMAIL", "FIELDSTONE_ADMIN_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("FIELDSTONE_DATABASE_URL", database)
    return lambda command, who, *more: run(command, str(served), "visit", "--as", f"{who}@example.org", *more)


def test_a_user_sees_his_own_records_and_fields(round_of: Callable[..., Run]) -> None:
    ran = round_of("query", "ann", "--order-by=-customer", "--limit", "2", "--json")
    answer = json.loads(ran.out)
    assert (ran.code, ran.error) == (0, "")
    assert [item["customer"] for item in answer["items"]] == ["=ann 2\x1b[31m", "=ann 1\x1b[31m"]
    assert [item["hours"] for item in answer["items"]] == [2.5, 1.5]
    assert (answer["total"], "note" in answer["items"][0]) == (3, False)
    table = round_of("query", "bob", "--select", "customer,hours", "--where", '{"hours": {"$gt": 1}}').out
    assert "=bob 1" in table
    assert "=ann" not in table
    assert "2 records" in table
    assert "\x1b" not in table
    groups = round_of(
        "query", "olaf", "--query", '{"groupBy": ["status"], "aggregations": [{"function": "count", "alias": "n"}]}'
    )
    assert "open" in groups.out
    assert "1 group" in groups.out


def test_an_export_writes_what_the_user_may_take_out(round_of: Callable[..., Run], tmp_path: Path) -> None:
    piped = round_of("export", "ann", "--select", "customer,status", "--order-by", "customer")
    rows = list(csv.reader(io.StringIO(piped.out)))
    assert (piped.code, piped.error) == (0, "")
    assert rows == [["Customer", "Status"], *([f"'=ann {number}\x1b[31m", "Open"] for number in range(3))]
    for name in ("visits.xlsx", "visits.pdf", "visits.json", "visits.csv"):
        ran = round_of("export", "ann", "--out", str(tmp_path / name), "--search", "ann")
        assert (ran.code, ran.out, ran.error) == (0, "", f"Wrote {tmp_path / name}: 3 records.\n")
    sheet = openpyxl.load_workbook(tmp_path / "visits.xlsx").worksheets[0]
    assert [sheet.max_row, sheet.title] == [4, "Visits"]
    (page,) = PdfReader(tmp_path / "visits.pdf").pages
    assert "taken out by ann@example.org" in page.extract_text()
    assert "found by “ann”" in page.extract_text()
    assert {item["customer"][:4] for item in json.loads((tmp_path / "visits.json").read_bytes())} == {"=ann"}
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "visits.csv",
        "visits.json",
        "visits.pdf",
        "visits.xlsx",
    ]


@pytest.mark.parametrize(
    ("command", "who", "more", "told"),
    [
        ("query", "anne", (), "There is no user `anne@example.org`.\nDid you mean `ann@example.org`?"),
        ("query", "ann", ("--select", "note"), "No field `note` on `visit`."),
        ("query", "ann", ("--where", '{"hour'), "`where` is not JSON."),
        ("query", "ann", ("--query", "["), "`--query` is not JSON: Input data was truncated."),
        ("query", "ann", ("--query", "{}", "--limit", "1"), "`--query` says all, and `--limit` is said beside it."),
        ("export", "ann", ("--format", "xls"), "No format `xls`.\nDid you mean `xlsx`?"),
        ("export", "olaf", (), "You may read `visit` records, and not take them out as a file."),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_written(
    round_of: Callable[..., Run], tmp_path: Path, command: str, who: str, more: tuple[str, ...], told: str
) -> None:
    out = ("--out", str(tmp_path / "out.csv")) if command == "export" else ()
    ran = round_of(command, who, *out, *more)
    assert (ran.code, ran.out) == (1, "")
    assert ran.error.startswith(told)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_stays_when_an_export_fails(round_of: Callable[..., Run], tmp_path: Path) -> None:
    there = tmp_path / "visits.csv"
    there.write_text("of yesterday")
    assert round_of("export", "olaf", "--out", str(there)).code == 1
    assert there.read_text() == "of yesterday"
    missing = tmp_path / "nowhere" / "visits.csv"
    assert round_of("export", "ann", "--out", str(missing)).error.startswith(
        f"{missing} cannot be written: No such file"
    )
