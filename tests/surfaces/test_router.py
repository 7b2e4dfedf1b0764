"""The router: fixed segments before patterns, patterns where fixed ones lead nowhere."""

import pytest

from fieldstone.surfaces.rest.router import Found, Router

ROUTES = (
    ("GET", ""),
    ("GET", "/data/{object}"),
    ("POST", "/data/{object}"),
    ("POST", "/data/{object}/query"),
    ("GET", "/data/{object}/{id}"),
    ("POST", "/data/lead/{id}/convert"),
    ("GET", "/data/lead"),
    ("GET", "/meta/{type}/{name}"),
    ("GET", "/meta/{type}/{name}/references"),
)


@pytest.fixture(scope="module")
def router() -> Router[str]:
    router: Router[str] = Router()
    for method, path in ROUTES:
        assert router.add(method, path, f"{method} {path}") is None
    return router


@pytest.mark.parametrize(
    ("method", "path", "route", "values"),
    [
        ("GET", "", "GET ", {}),
        ("GET", "/data/ticket", "GET /data/{object}", {"object": "ticket"}),
        ("GET", "/data/lead", "GET /data/lead", {}),
        ("POST", "/data/lead", "POST /data/{object}", {"object": "lead"}),
        ("GET", "/data/lead/7", "GET /data/{object}/{id}", {"object": "lead", "id": "7"}),
        ("POST", "/data/lead/7/convert", "POST /data/lead/{id}/convert", {"id": "7"}),
        ("POST", "/data/ticket/query", "POST /data/{object}/query", {"object": "ticket"}),
        ("GET", "/data/ticket/query", "GET /data/{object}/{id}", {"object": "ticket", "id": "query"}),
        (
            "GET",
            "/meta/object/ticket/references",
            "GET /meta/{type}/{name}/references",
            {"type": "object", "name": "ticket"},
        ),
    ],
)
def test_a_path_finds_its_route(
    router: Router[str], method: str, path: str, route: str, values: dict[str, str]
) -> None:
    found = router.find(method, path)
    assert isinstance(found, Found)
    assert (found.route, dict(found.path)) == (route, values)


@pytest.mark.parametrize(
    ("method", "path", "methods"),
    [
        ("DELETE", "/data/ticket", {"GET", "POST"}),
        ("DELETE", "/data/ticket/query", {"GET", "POST"}),
        ("GET", "/data/lead/7/convert", {"POST"}),
        ("GET", "/data", set()),
        ("GET", "/data/", set()),
        ("GET", "/data//x", set()),
        ("GET", "/data/ticket/7/x", set()),
        ("GET", "/", set()),
        ("GET", "/data/{object}/{id}/x", set()),
    ],
)
def test_a_path_without_the_method_tells_the_methods_it_has(
    router: Router[str], method: str, path: str, methods: set[str]
) -> None:
    assert router.find(method, path) == frozenset(methods)


def test_a_second_route_for_the_same_request_is_not_added(router: Router[str]) -> None:
    assert router.add("GET", "/data/{thing}", "another") == "GET /data/{object}"
    assert isinstance(found := router.find("GET", "/data/x"), Found)
    assert found.route == "GET /data/{object}"
