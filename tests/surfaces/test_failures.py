"""Everything that can go wrong with a request is answered in one shape, with its status and the request's id (contract 10)."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from fieldstone.engine.door import Door, Reading
from fieldstone.engine.operation import Get
from fieldstone.errors import (
    DeclarationError,
    FieldstoneError,
    NotAttempted,
    RateLimited,
    RolledBack,
    SettingsError,
    Unavailable,
)
from fieldstone.query.cel.fault import EvaluationError, ExpressionError, Refused
from fieldstone.settings import Limits, Settings
from fieldstone.surfaces.http.errors import STATUS
from tests.databases import sqlite_address
from tests.surfaces.running import DATA, WORLD, Person, World, error_of, running

pytestmark = pytest.mark.asyncio(loop_scope="session")
ONE_DATABASE = True
TICKETS = f"{DATA}/ticket"
JSON = {"Content-Type": "application/json"}


async def test_every_error_has_a_status() -> None:
    def below(error: type[FieldstoneError]) -> set[type[FieldstoneError]]:
        return {error}.union(*(below(child) for child in error.__subclasses__()))

    of_declarations = {
        error.code for error in (DeclarationError, SettingsError, EvaluationError, ExpressionError, Refused)
    }
    of_batch_rows = {RolledBack.code, NotAttempted.code}
    assert {error.code for error in below(FieldstoneError)} == STATUS.keys() | of_declarations | of_batch_rows


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/nothing",
        "/api",
        "/api/",
        "/api/v10",
        "/api/v1/nothing",
        "/api/v1/data/ticket/a/b",
        "/api/v1/data//x",
        "/api/v1/data/ticket/",
    ],
)
async def test_an_unknown_route_is_not_found(mia: Person, path: str) -> None:
    error_of(await mia.get(path), 404, "NOT_FOUND")


async def test_an_unknown_object_is_not_found_and_a_missing_right_on_a_known_one_is_open(
    mia: Person, ann: Person
) -> None:
    error_of(await mia.get(f"{DATA}/unicorn"), 404, "NOT_FOUND")
    error_of(await ann.get(f"{DATA}/sys_member"), 403, "PERMISSION_DENIED")


async def test_a_route_asks_for_a_session_before_anything_else(world: World) -> None:
    for method, path in (("GET", TICKETS), ("GET", f"{DATA}/unicorn"), ("POST", TICKETS), ("GET", "/api/v1/meta")):
        answer = await world.nobody.ask(method, path)
        error_of(answer, 401, "UNAUTHENTICATED")
        assert answer.headers["www-authenticate"] == "Bearer"
    answer = await world.nobody.get(TICKETS, headers={"Authorization": "Bearer nonsense"})
    error_of(answer, 401, "UNAUTHENTICATED")


async def test_a_wrong_method_is_told_the_right_ones(mia: Person) -> None:
    answer = await mia.ask("PUT", f"{TICKETS}/x")
    error = error_of(answer, 405, "METHOD_NOT_ALLOWED")
    assert answer.headers["allow"] == "DELETE, GET, HEAD, OPTIONS, PATCH"
    assert error["details"]["allow"] == ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH"]
    assert (await mia.ask("DELETE", "/health")).headers["allow"] == "GET, HEAD, OPTIONS"


async def test_an_operation_that_an_object_does_not_take_part_in_is_a_wrong_method(mia: Person) -> None:
    answer = await mia.ask("POST", f"{DATA}/sys_session", {})
    error_of(answer, 405, "METHOD_NOT_ALLOWED")
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS"


async def test_options_tells_the_methods_and_head_the_headers(mia: Person, world: World) -> None:
    answer = await world.nobody.ask("OPTIONS", f"{TICKETS}/x")
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["allow"] == "DELETE, GET, HEAD, OPTIONS, PATCH"
    whole, head = await mia.get(TICKETS), await mia.ask("HEAD", TICKETS)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == whole.headers["content-length"]
    error_of(await world.nobody.ask("OPTIONS", "/api/v1/nothing"), 404, "NOT_FOUND")


@pytest.mark.parametrize(
    "sent",
    ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin-1", "application/jsonx", ""],
)
async def test_a_body_that_is_not_json_by_its_header_is_refused(mia: Person, sent: str) -> None:
    headers = {"Content-Type": sent} if sent else {}
    error_of(await mia.ask("POST", TICKETS, headers=headers, content=b"{}"), 415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize(
    "sent", ["application/json", "Application/JSON; charset=UTF-8", 'application/json;charset="utf-8"']
)
async def test_json_is_recognised_in_every_spelling(mia: Person, sent: str) -> None:
    answer = await mia.ask("POST", f"{TICKETS}/query", headers={"Content-Type": sent}, content=b"{}")
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (b'{"a": 1,\n "b": }', "line 2, column 7"),
        (b'{"a": NaN}', "line 1, column 7"),
        (b'{"a": 1', "line 1, column 8"),
        (b"{} x", "line 1, column 5"),
        (b'{"a": "\xff"}', "UTF-8"),
        (b"[" * 100_000, "too deep"),
        (b'{"a":' * 900 + b"1" + b"}" * 900, "too deep"),
        (b"[" * 257 + b"]" * 257, "too deep"),
        (b"[" * 256 + b"]" * 256, "not a JSON object"),
        (b'{"a": 1e99999999999999999999}', "out of range"),
        (b"", "empty"),
        (b"[]", "not a JSON object"),
        (b'"x"', "not a JSON object"),
    ],
)
async def test_a_body_that_is_not_json_is_told_where(mia: Person, body: bytes, place: str) -> None:
    error = error_of(await mia.ask("POST", TICKETS, headers=JSON, content=body), 400, "VALIDATION_ERROR")
    assert place in error["message"]


async def test_values_too_deep_to_be_walked_are_refused_across_objects(mia: Person) -> None:
    deep = b"[" * 900 + b"]" * 900
    step = b'{"object": "ticket", "action": "create", "data": {"subject": ' + deep + b"}}"
    answer = await mia.ask("POST", "/api/v1/batch", headers=JSON, content=b'{"operations": [' + step + b"]}")
    assert "too deep" in error_of(answer, 400, "VALIDATION_ERROR")["message"]


async def test_every_answer_has_an_id_of_its_own_that_is_in_the_log(world: World, mia: Person) -> None:
    answers = [
        await mia.get(TICKETS, headers={"X-Request-Id": "mine"}),
        await mia.get("/nothing"),
        await mia.get("/health"),
    ]
    ids = [answer.headers["x-request-id"] for answer in answers]
    assert len(set(ids)) == 3
    assert "mine" not in ids
    lines = {line["id"]: line for line in world.log if line["event"] == "request"}
    first = lines[ids[0]]
    assert (first["method"], first["route"], first["status"]) == ("GET", "/api/v1/data/{object}", 200)
    assert first["ms"] > 0
    assert first["caller"]
    assert [lines[each]["status"] for each in ids] == [200, 404, 200]


async def test_nothing_secret_goes_into_the_log(world: World, mia: Person) -> None:
    await mia.ask("POST", TICKETS, {"subject": "a body that nobody may log"})
    await mia.get(f"{TICKETS}?subject=a-value-that-nobody-may-log")
    await world.nobody.ask(
        "POST", "/api/v1/auth/sign-in", {"email": "mia@world.example", "password": "a wrong password"}
    )
    text = str(world.log)
    assert mia.token is not None
    for secret in (mia.token, "nobody may log", "nobody-may-log", "a wrong password"):
        assert secret not in text


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def small(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """A world with small limits."""
    limits = Limits(body_bytes=200, url_bytes=300, batch_rows=2, sign_ins=1000)
    url = sqlite_address(tmp_path_factory.mktemp("small") / "small.db")
    async with running(WORLD, url, Settings(limits=limits)) as world:
        yield world


async def _chunks(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


@pytest.mark.parametrize("streamed", [False, True])
async def test_a_body_may_be_as_large_as_the_limit_and_no_larger(small: World, streamed: bool) -> None:
    mia = await small.person("mia@world.example")
    for size, status in ((200, 200), (201, 413)):
        body = b'{"where": {}' + b" " * (size - 13) + b"}"
        content: Any = _chunks(body[:100], body[100:]) if streamed else body
        answer = await mia.ask("POST", f"{TICKETS}/query", headers=JSON, content=content)
        assert answer.status_code == status
    error = error_of(answer, 413, "PAYLOAD_TOO_LARGE")
    assert error["details"]["limit"] == 200


async def test_an_address_may_be_as_long_as_the_limit_and_no_longer(small: World) -> None:
    mia = await small.person("mia@world.example")
    for size, status in ((300, 200), (301, 413)):
        query = "subject="
        filler = "x" * (size - len(TICKETS) - len(query))
        answer = await mia.get(f"{TICKETS}?{query}{filler}")
        assert answer.status_code == status
    error_of(answer, 413, "PAYLOAD_TOO_LARGE")


async def test_a_batch_may_have_as_many_rows_as_the_limit_and_no_more(small: World) -> None:
    mia = await small.person("mia@world.example")
    for rows, status in ((2, 200), (3, 400)):
        body = {"operation": "delete", "records": [{"id": "x"}] * rows}
        answer = await mia.ask("POST", f"{TICKETS}/batch", body)
        assert answer.status_code == status
    error_of(answer, 400, "BATCH_TOO_LARGE")


async def _answering(door: Door, error: Exception) -> Any:
    async def answer(_door: Door, _operation: Any, _caller: Any, _unit: Any) -> Any:
        raise error

    return {**door._handlers, Get: Reading(answer)}


@pytest.mark.parametrize(
    ("raised", "status", "code", "header"),
    [
        (RuntimeError("SELECT secret FROM table"), 500, "INTERNAL", None),
        (KeyError("secret"), 500, "INTERNAL", None),
        (Unavailable("The database does not answer."), 503, "SERVICE_UNAVAILABLE", ("retry-after", "1")),
        (RateLimited("Slower.", details={"retryAfter": 7}), 429, "RATE_LIMITED", ("retry-after", "7")),
    ],
)
async def test_a_fault_behind_the_surface_is_answered_without_its_text(
    world: World, mia: Person, monkeypatch: pytest.MonkeyPatch, raised: Exception, status: int, code: str, header: Any
) -> None:
    door = world.runtime.door
    monkeypatch.setattr(door, "_handlers", await _answering(door, raised))
    answer = await mia.get(f"{TICKETS}/x")
    error_of(answer, status, code)
    assert "secret" not in answer.text
    if header is not None:
        assert answer.headers[header[0]] == header[1]
    if status == 500:
        crash = next(
            line for line in world.log if line["event"] == "crashed" and line["id"] == answer.headers["x-request-id"]
        )
        assert type(raised).__name__ in crash["exception"]


async def test_a_request_that_takes_too_long_is_ended(tmp_path_factory: pytest.TempPathFactory) -> None:
    url = sqlite_address(tmp_path_factory.mktemp("slow") / "slow.db")
    async with running(WORLD, url, Settings(limits=Limits(request_seconds=2))) as world:
        mia = await world.person("mia@world.example")

        async def slow() -> AsyncIterator[bytes]:
            yield b"{"
            await asyncio.sleep(5)
            yield b"}"

        answer = await mia.ask("POST", TICKETS, headers=JSON, content=slow())
        error_of(answer, 504, "TIMEOUT")
        assert answer.headers["retry-after"] == "1"
        assert (await mia.get(TICKETS)).status_code == 200


async def test_health_and_readiness_are_open(world: World) -> None:
    assert (await world.nobody.get("/health")).json() == {"status": "ok"}
    assert (await world.nobody.get("/ready")).json() == {"status": "ready"}


async def test_a_server_without_its_database_lives_but_is_not_ready(postgres_url: str) -> None:
    async with running(WORLD, postgres_url) as world:
        await world.runtime.store.close()
        error_of(await world.nobody.get("/ready"), 503, "SERVICE_UNAVAILABLE")
        assert (await world.nobody.get("/health")).status_code == 200


@pytest.mark.parametrize("number", ["1e999999", "1e9999999999", "-1e-9999999999", "1" * 400, "1e400"])
async def test_a_number_beyond_all_bounds_is_refused_as_such(mia: Person, number: str) -> None:
    body = f'{{"subject": "x", "hours": {number}}}'.encode()
    error = error_of(await mia.ask("POST", TICKETS, headers=JSON, content=body), 400, "VALIDATION_ERROR")
    assert "hours" in {fault["field"] for fault in error["details"]["fields"]}
    where = f'{{"hours": {number}}}'
    assert (await mia.get(TICKETS, params={"where": where})).status_code in (200, 400)


async def test_a_broken_host_header_changes_nothing_of_the_answer(world: World) -> None:
    answer = await world.nobody.get("/nothing", headers={"Host": "a b"})
    error_of(answer, 404, "NOT_FOUND")


async def test_a_fixed_route_may_end_with_a_slash_and_goes_no_further(world: World) -> None:
    assert (await world.nobody.get("/health/")).json() == {"status": "ok"}
    error_of(await world.nobody.get("/health/more"), 404, "NOT_FOUND")


async def test_a_web_socket_is_turned_away(world: World) -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    for path in ("/api/v1/data/ticket", "/nothing"):
        sent.clear()
        scope: dict[str, Any] = {
            "type": "websocket",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": [],
            "subprotocols": [],
            "scheme": "ws",
            "client": ("127.0.0.1", 1),
            "server": ("world.test", 80),
            "root_path": "",
        }
        await world.runtime.asgi(scope, receive, send)
        assert sent[-1]["type"] == "websocket.close"


async def test_a_client_that_goes_away_is_not_answered(world: World, mia: Person) -> None:
    sent: list[Any] = []
    messages = iter([{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}])

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return next(messages)

    headers = [(b"authorization", f"Bearer {mia.token}".encode()), (b"content-type", b"application/json")]
    scope: dict[str, Any] = {
        "type": "http",
        "method": "POST",
        "path": TICKETS,
        "raw_path": TICKETS.encode(),
        "query_string": b"",
        "headers": headers,
        "scheme": "http",
        "client": ("127.0.0.1", 1),
        "server": ("world.test", 80),
        "root_path": "",
        "http_version": "1.1",
    }
    await world.runtime.asgi(scope, receive, send)
    assert sent == []
    assert [line["status"] for line in world.log if line["event"] == "request"][-1] == 499
