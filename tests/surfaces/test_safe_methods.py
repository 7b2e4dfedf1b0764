"""What a browser sends unasked, and for any page: a GET with the cookie changes nothing in the database."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.databases import sqlite_address
from tests.surfaces.running import DATA, WORLD, running

NAMED = re.compile(r"\{([a-z_]+)\}")
TELLING = ("sys_rate", "sys_audit_log", "sqlite_sequence")
PLACES = {"object": "customer", "type": "objects", "name": "customer", "asset": "docs.js"}


def held(database: sqlite3.Connection) -> list[str]:
    """Returns all that a database holds, but for what tells of requests: the counts of guesses, and refusals in the audit log."""
    return [line for line in database.iterdump() if not any(name in line for name in TELLING)]


async def test_a_get_with_the_cookie_of_anybody_changes_nothing(tmp_path: Path) -> None:
    async with running(WORLD, sqlite_address(tmp_path / "world.db")) as world:
        mia = await world.person("mia@world.example")
        places = PLACES | {"id": (await mia.make("customer", name="Looked at"))["id"]}
        routes = [route for table in world.runtime.tables.values() for route in table.routes]
        templates = [route.template for route in routes if route.declaration.method == "GET"]
        paths = {NAMED.sub(lambda found: places.get(found[1], "nothing"), template) for template in templates}
        cookie = {"Cookie": f"better-auth.session_token={mia.token}", "Origin": "http://evil.test"}
        with closing(sqlite3.connect(tmp_path / "world.db")) as watcher:
            before = held(watcher)
            for path in sorted(paths):
                assert (await world.nobody.get(path, headers=cookie)).status_code < 500
            assert held(watcher) == before
            await mia.ask("PATCH", f"{DATA}/customer/{places['id']}", {"name": "Changed"})
            assert held(watcher) != before
