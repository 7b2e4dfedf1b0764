"""The OpenAPI documents are true: whatever three callers send to two surfaces is answered as the documents say, and mostly with success."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from fieldstone.app_catalog import load_catalog
from fieldstone.surfaces.rest.idents import IDENTS
from tests.conformance.explorer import Explorer, Known, Seen
from tests.conformance.scene import PASSWORD, Person, Scene, enter, make_records
from tests.databases import sqlite_address
from tests.servers import ADMIN_EMAIL, Server, running_server

WORLD = Path(__file__).parent / "world"
PARTNER = "/partner/v2"
SETTINGS = {
    "FIELDSTONE_LIMIT_SIGN_INS": "100000",
    "FIELDSTONE_LIMIT_MAILS": "100000",
    "FIELDSTONE_LIMIT_REQUEST_SECONDS": "120",
    "FIELDSTONE_LIMIT_STATEMENT_SECONDS": "60",
}
LEAST_REACHED = 0.8
OF_ADMINISTRATORS = frozenset(
    {
        *("update_organization", "list_members", "update_member_role", "remove_member", "list_invitations"),
        *("list_teams", "create_team", "update_team", "remove_team"),
        *("list_team_members", "add_team_member", "remove_team_member"),
    }
)
"""What others are refused who do not manage the users of an organisation, though no route declares a permission for it."""


class Place(msgspec.Struct, frozen=True):
    """The running server, and somebody who may do everything in it."""

    server: Server
    http: httpx.Client
    admin: Person


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("conformance")
    mails = {"FIELDSTONE_MAIL_FOLDER": str(folder / "mails")}
    url = sqlite_address(folder / "world.db")
    with (
        running_server(WORLD, database_url=url, folder=folder, settings=SETTINGS | mails) as server,
        httpx.Client(base_url=server.url, trust_env=False, timeout=60) as http,
    ):
        admin = enter(http, ADMIN_EMAIL, server.admin_password)
        make_records(admin)
        yield Place(server, http, admin)


def check(seen: dict[str, Seen], denied: set[str]) -> None:
    """Checks that every answer was as documented, that most operations were reached, and that what is denied is."""
    faults = [fault for each in seen.values() for fault in each.faults]
    assert faults == [], "\n\n".join(faults[:10])
    assert {name for name in denied if seen[name].reached} == set()
    may = seen.keys() - denied
    reached = {name for name in may if seen[name].reached}
    assert len(reached) >= LEAST_REACHED * len(may), ", ".join(sorted(may - reached))


def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {told["operationId"]: told for methods in document["paths"].values() for told in methods.values()}


def ids_seen(person: Person, document: dict[str, Any]) -> dict[str, list[str]]:
    """Returns ids of records of every object that somebody may list."""
    listed = {path: methods["get"]["tags"][0] for path, methods in document["paths"].items() if "get" in methods}
    names = [name for path, name in listed.items() if path.endswith(f"/data/{name}")]
    return {name: [row["id"] for row in person.get(f"/data/{name}?limit=20")["items"]] for name in names}


@pytest.mark.parametrize("email", ["ivo@world.example", "ann@world.example", ADMIN_EMAIL])
def test_the_native_surface_answers_as_its_document_says(place: Place, email: str) -> None:
    password = place.server.admin_password if email == ADMIN_EMAIL else PASSWORD
    person = enter(place.http, email, password)
    scene = Scene(place.admin, person)
    document = person.get("/openapi.json")
    seen = Explorer(
        place.server.url, document, email, person.headers, scene.known, ids_seen(person, document)
    ).explore()
    held = person.get("/auth/me/permissions")["systemPermissions"]
    denied = {
        name
        for name, told in operations(document).items()
        if "x-permission" in told and told["x-permission"] not in held
    }
    check(seen, denied if email == ADMIN_EMAIL else denied | OF_ADMINISTRATORS)


@pytest.mark.parametrize("email", ["ivo@world.example", "ann@world.example", ADMIN_EMAIL])
def test_a_second_dialect_answers_as_its_document_says(place: Place, email: str) -> None:
    password = place.server.admin_password if email == ADMIN_EMAIL else PASSWORD
    person = enter(place.http, email, password)
    headers = {"X-Partner-Key": person.post("/keys", {})["key"]}
    document = place.http.get(f"{PARTNER}/openapi.json", headers=headers).json()
    catalog = load_catalog(WORLD)
    prefix = IDENTS["prefixed"].prefix
    ids = {
        name: [prefix(catalog.apis["partner"], catalog.objects[name]) + found for found in each]
        for name, each in ids_seen(person, person.get("/openapi.json")).items()
    }

    def known(operation_id: str) -> Known:
        return Known(query={"client": ids["customer"][0]}) if operation_id == "contacts_of" else Known()

    seen = Explorer(place.server.url, document, email, headers, known, ids).explore()
    held = person.get("/auth/me/permissions")["systemPermissions"]
    check(seen, set() if "export_everything" in held else {"export_all"} & seen.keys())


def test_a_document_that_is_not_true_is_found_out(place: Place) -> None:
    headers = {"X-Partner-Key": place.admin.post("/keys", {})["key"]}
    document = place.http.get(f"{PARTNER}/openapi.json", headers=headers).json()
    path = f"{PARTNER}/anything/draft/{{id}}"
    told = document["paths"][path]["get"]
    document["paths"] = {path: {"get": told}}
    ids = {"draft": [row["id"] for row in place.admin.get("/data/draft")["items"]]}

    def faults() -> list[str]:
        explorer = Explorer(place.server.url, document, ADMIN_EMAIL, headers, lambda _operation_id: Known(), ids)
        return [fault for seen in explorer.explore().values() for fault in seen.faults]

    assert faults() == []
    success = told["responses"].pop("200")
    assert any("Undocumented status code" in fault for fault in faults())
    told["responses"]["200"] = success
    document["components"]["schemas"]["draft.read"]["properties"]["title"]["type"] = "integer"
    assert any("Response violates schema" in fault for fault in faults())
