"""The points of a chart: apps that differ in one thing, each served by a process of its own, and what requests cost each of them.

All servers of an axis run at once and are asked in turn, so that a machine that slows down slows all of them down.
"""

import json
import random
import sqlite3
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from urllib.parse import urlencode

import msgspec

from bench.alone import Alone, post, signed_in
from bench.generated import READER, name_of, record, write_app
from bench.measure import Plan, cpu_of
from bench.requests import PAGE, Request
from tests.databases import sqlite_address
from tests.servers import running_server, sign_in

OBJECT = name_of(0)
PATH = f"/api/v1/data/{OBJECT}"
MADE = 1_000
SAMPLE = 2_000
MOST_CREATES = 5_000
PASSWORD = "a password of the benchmark"
EMAIL = "reader@fieldstone.example"


class App(msgspec.Struct, frozen=True):
    """An app to measure: how many objects it has, and fields, row rules and records its first object."""

    objects: int = 10
    fields: int = 15
    rules: int = 0
    rows: int = MADE


class Axis(msgspec.Struct, frozen=True):
    """What differs from point to point: the name of it in `App`, how it is told, and its values, on a scale of powers or not."""

    name: str
    label: str
    values: tuple[int, ...]
    powers: bool

    def app(self, value: int) -> App:
        """Returns the app of a point."""
        return msgspec.structs.replace(App(), **{self.name: value})


class Served(msgspec.Struct, frozen=True):
    """A point, ready to be asked: its server, the reader's token, ids of records, and how many fields a record has."""

    server: Alone
    token: str
    ids: list[str]
    fields: int


AXES = (
    Axis("rows", "records of the object", (1_000, 10_000, 100_000, 1_000_000), powers=True),
    Axis("objects", "objects of the app", (10, 100, 300, 1_000), powers=True),
    Axis("fields", "fields of the object", (5, 15, 50, 100, 200), powers=False),
    Axis("rules", "row rules that the caller is held to", (0, 1, 2, 5, 10, 20), powers=False),
)


def gets(served: Served) -> list[Request]:
    """Reads records one by one, all over the table."""
    return [Request("GET", f"{PATH}/{each}") for each in served.ids]


def lists(*, count: bool) -> Callable[[Served], list[Request]]:
    """Returns the maker of lists: the newest twenty of a state, with their exact total or without."""

    def make(_served: Served) -> list[Request]:
        asked = {"orderBy": "-at", "limit": str(PAGE), "count": str(count).lower()}
        wheres = (
            json.dumps({"state": state, "size": {"$gte": size}}) for state in ("open", "closed") for size in range(5)
        )
        return [Request("GET", f"{PATH}?{urlencode({'where': where, **asked})}") for where in wheres]

    return make


def creates(served: Served) -> list[Request]:
    """Makes records."""
    made = (json.dumps(record(place, fields=served.fields)).encode() for place in range(MOST_CREATES))
    return [Request("POST", PATH, body) for body in made]


class Asked(msgspec.Struct, frozen=True):
    """What is asked for: requests, the status of a right answer, and how many connections there are, unless the plan's."""

    make: Callable[[Served], list[Request]]
    status: int = 200
    connections: int | None = None


COSTS: Mapping[str, Asked] = {
    "get by id": Asked(gets),
    f"list of {PAGE}": Asked(lists(count=False)),
    f"list of {PAGE} with total": Asked(lists(count=True), connections=1),
    "create": Asked(creates, status=201),
}
"""Totals are asked for one at a time: of a million records they take so long that a queue of them is refused."""


def costs_of(axis: Axis, folder: Path, plan: Plan) -> dict[str, list[float]]:
    """Returns what each kind of request costs at each point, in microseconds of CPU: medians over the rounds."""
    with ExitStack() as stack:
        points = [
            stack.enter_context(served(axis.app(value), folder / f"{axis.name}-{value}")) for value in axis.values
        ]
        return {name: _costs(points, asked, plan) for name, asked in COSTS.items()}


@contextmanager
def served(app: App, folder: Path) -> Iterator[Served]:
    """Serves an app with its records: the first thousand are made over the API, the others copied within the database."""
    folder.mkdir(parents=True)
    write_app(folder / "app", app.objects, fields=app.fields, rules=app.rules)
    database = folder / "fieldstone.db"
    url = sqlite_address(database)
    with running_server(folder / "app", database_url=url, folder=folder, production=True) as server:
        alone = signed_in(server)
        with alone.api() as api:
            user = post(api, "/api/v1/data/sys_user", {"email": EMAIL, "name": "Reader", "password": PASSWORD})
            grant = {"user_id": user["id"], "permission_set": READER}
            post(api, "/api/v1/data/sys_user_permission_set", grant)
            records = [{"data": record(place, fields=app.fields)} for place in range(min(MADE, app.rows))]
            batch = {"operation": "create", "records": records, "options": {"atomic": True}}
            post(api, f"{PATH}/batch", batch)
        copy_records(database, app.rows)
        yield Served(alone, sign_in(server.url, EMAIL, PASSWORD), _sample(database), app.fields)


def copy_records(database: Path, rows: int) -> None:
    """Copies the records of the first object, with ids, sizes and instants of their own, until there are so many."""
    with closing(sqlite3.connect(database, timeout=60, isolation_level=None)) as connection:
        columns = [row[1] for row in connection.execute(f"PRAGMA table_info({OBJECT})")]
        own = {
            "id": "substr(id, 1, 10) || printf('%016d', place)",
            "size": "place % 100",
            "at": "strftime('%Y-%m-%dT%H:%M:%S.000Z', 1767225600 + place * 7919 % 31536000, 'unixepoch')",
        }
        values = ", ".join(own.get(column, column) for column in columns)
        connection.execute("BEGIN IMMEDIATE")
        made = connection.execute(f"SELECT count(*) FROM {OBJECT}").fetchone()[0]
        connection.execute(
            f"""INSERT INTO {OBJECT} ({", ".join(columns)})
            WITH RECURSIVE places(place) AS (SELECT ? UNION ALL SELECT place + 1 FROM places WHERE place < ? - 1),
            made AS MATERIALIZED (SELECT *, row_number() OVER (ORDER BY id) - 1 AS turn FROM {OBJECT})
            SELECT {values} FROM places JOIN made ON turn = place % ? WHERE place < ?""",
            (made, rows, made, rows),
        )
        connection.execute(
            f"""INSERT INTO "{OBJECT}.words" (id, w_title) SELECT id, ' ' || lower(title) || ' ' FROM {OBJECT}
            WHERE id NOT IN (SELECT id FROM "{OBJECT}.words")"""
        )
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _costs(points: Sequence[Served], asked: Asked, plan: Plan) -> list[float]:
    plan = msgspec.structs.replace(plan, connections=asked.connections or plan.connections)
    taken: list[list[float]] = [[] for _ in points]
    for number in range(plan.rounds):
        order = list(enumerate(points))
        for place, point in order if number % 2 == 0 else reversed(order):
            measured = point.server.measure(asked.make(point), plan, token=point.token, status=asked.status)
            taken[place].append(cpu_of(measured))
    return [statistics.median(each) for each in taken]


def _sample(database: Path) -> list[str]:
    """Returns ids of records from all over the table."""
    with closing(sqlite3.connect(database)) as connection:
        ids = [row[0] for row in connection.execute(f"SELECT id FROM {OBJECT} ORDER BY id")]
    return random.Random(OBJECT).sample(ids, min(SAMPLE, len(ids)))
