"""Discovery: what this server offers, in full for those signed in, reduced for all."""

import pytest

from tests.surfaces.running import Person, World, error_of

pytestmark = pytest.mark.asyncio(loop_scope="session")
ONE_DATABASE = True


async def test_the_full_document_lists_exactly_the_routes_of_the_table(world: World, mia: Person) -> None:
    document = (await mia.get("/api/v1")).json()
    table = world.runtime.tables["v1"]
    assert [(each["method"], each["path"]) for each in document["endpoints"]] == [
        (route.declaration.method, route.template) for route in table.routes
    ]
    assert document["versions"] == [{"version": "v1", "status": "current", "deprecatedAt": None, "sunsetAt": None}]
    assert document["routes"] == {
        "data": "/api/v1/data",
        "metadata": "/api/v1/meta",
        "auth": "/api/v1/auth",
        "search": "/api/v1/search",
    }
    assert document["capabilities"]["search"] == {"enabled": True}
    assert document["services"]["data"] == {"enabled": True, "status": "available", "route": "/api/v1/data"}
    assert document["schemaDiscovery"] == {"openapi": "/api/v1/openapi.json"}
    assert document["scoping"] == {"enabled": False, "resolution": "auto", "scoped": False}
    assert (document["name"], document["version"], document["environment"]) == ("The desk, twice", "v1", "development")


async def test_the_full_document_needs_a_session(world: World) -> None:
    error_of(await world.nobody.get("/api/v1"), 401, "UNAUTHENTICATED")


async def test_the_reduced_document_is_the_same_without_endpoints_at_both_its_addresses(
    world: World, mia: Person
) -> None:
    full = (await mia.get("/api/v1")).json()
    del full["endpoints"]
    for path in ("/api/v1/discovery", "/.well-known/objectstack"):
        assert (await world.nobody.get(path)).json() == full
    error_of(await world.nobody.ask("POST", "/.well-known/objectstack"), 405, "METHOD_NOT_ALLOWED")
