"""`/metrics`: what it tells, to whom, and what it never tells."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from prometheus_client.parser import text_string_to_metric_families

from fieldstone.settings import Settings
from tests.surfaces.running import DATA, HOST, WORLD, Person, World, running

pytestmark = pytest.mark.asyncio(loop_scope="session")

TOKEN = "a token of those who watch"
Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def samples_of(text: str) -> Samples:
    """Returns the value of each name and labels, but for the worker's."""
    return {
        (sample.name, tuple(sorted(item for item in sample.labels.items() if item[0] != "worker"))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def _samples(world: World) -> Samples:
    answer = await world.nobody.get("/metrics")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return samples_of(answer.text)


def _rise(before: Samples, after: Samples, name: str, **labels: str) -> float:
    key = (name, tuple(sorted(labels.items())))
    return after[key] - before.get(key, 0.0)


async def test_requests_are_counted_by_route_and_class_of_status(world: World, mia: Person) -> None:
    ticket = await mia.make("customer", name="Counted")
    before = await _samples(world)
    for _ in range(3):
        assert (await mia.get(f"{DATA}/customer/{ticket['id']}")).status_code == 200
    assert (await mia.get(f"{DATA}/customer/nothing")).status_code == 404
    assert (await mia.get("/api/v1/made-up-by-somebody")).status_code == 404
    assert (await mia.ask("BREW", "/health")).status_code == 405
    after = await _samples(world)
    route = {"method": "GET", "route": "/api/v1/data/{object}/{id}"}
    name = "fieldstone_request_seconds"
    assert _rise(before, after, f"{name}_count", **route, status="2xx") == 3
    assert _rise(before, after, f"{name}_bucket", **route, status="2xx", le="+Inf") == 3
    assert _rise(before, after, f"{name}_sum", **route, status="2xx") > 0
    assert _rise(before, after, f"{name}_count", **route, status="4xx") == 1
    assert _rise(before, after, f"{name}_count", method="", route="", status="4xx") == 1
    assert _rise(before, after, f"{name}_count", method="", route="/health", status="4xx") == 1
    assert not [labels for _, labels in after if "made-up" in str(labels) or "BREW" in str(labels)]


async def test_statements_and_plans_are_counted(world: World, mia: Person) -> None:
    assert (await mia.get(f"{DATA}/customer?limit=7")).status_code == 200
    before = await _samples(world)
    for _ in range(2):
        assert (await mia.get(f"{DATA}/customer?limit=7")).status_code == 200
    after = await _samples(world)
    assert _rise(before, after, "fieldstone_statements_total") >= 2
    assert _rise(before, after, "fieldstone_statements_seconds_total") > 0
    assert _rise(before, after, "fieldstone_plan_hits_total") >= 2
    assert _rise(before, after, "fieldstone_plan_misses_total") <= _rise(before, after, "fieldstone_plan_hits_total")
    assert after["fieldstone_plans", ()] >= 1
    assert after["fieldstone_database_up", ()] == 1
    connections = [after["fieldstone_database_connections", (("state", state),)] for state in ("busy", "idle")]
    assert min(connections) >= 0
    assert sum(connections) >= 1


async def test_what_waits_in_the_database_is_told(world: World, mia: Person) -> None:
    before = await _samples(world)
    await mia.make("customer", name="An event")
    after = await _samples(world)
    assert _rise(before, after, "fieldstone_outbox_events") >= 1
    assert after["fieldstone_outbox_oldest_seconds", ()] > 0
    assert {state: after["fieldstone_flow_runs", (("state", state),)] for state in ("waiting", "running", "stranded")}
    assert {state: after["fieldstone_mails", (("state", state),)] for state in ("waiting", "sending")}


async def test_the_process_and_its_declarations_are_told(world: World) -> None:
    text = (await world.nobody.get("/metrics")).text
    found = samples_of(text)
    catalog = world.runtime.catalog
    labels = (("files", catalog.files_version), ("version", catalog.version))
    assert found["fieldstone_catalog_info", labels] == 1
    assert found["process_resident_memory_bytes", ()] > 10_000_000
    assert found["fieldstone_generations_total", ()] >= 1
    assert 'fieldstone_requests_answering{worker="1"} 0.0' in text
    assert re.search(r"^fieldstone_outbox_events \d", text, re.MULTILINE)


async def test_nobody_and_no_record_is_named(world: World, mia: Person) -> None:
    ticket = await mia.make("customer", name="Not to be told")
    assert (await mia.get(f"{DATA}/customer/{ticket['id']}")).status_code == 200
    assert (await mia.get(f"{DATA}/customer?name=Not%20to%20be%20told")).status_code == 200
    text = (await world.nobody.get("/metrics")).text
    for secret in (ticket["id"], "Not to be told", "mia@", mia.token or "?"):
        assert secret not in text


@pytest_asyncio.fixture(loop_scope="session")
async def guarded(tmp_path: Path) -> AsyncIterator[World]:
    settings = Settings(environment="production", metrics_token=TOKEN)
    async with running(WORLD, f"sqlite:///{tmp_path / 'world.db'}", settings) as world:
        yield world


async def test_with_a_token_only_who_has_it_is_told(guarded: World) -> None:
    said = await guarded.nobody.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert (said.status_code, "fieldstone_database_up 1.0" in said.text) == (200, True)
    absent = (await guarded.nobody.get("/nowhere")).json()["error"]
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": TOKEN}, {"Authorization": "Bearer ü"}):
        for method in ("GET", "POST", "OPTIONS"):
            raw = {name: value.encode() for name, value in headers.items()}
            refused = await guarded.nobody.ask(method, "/metrics", headers=raw)
            error = refused.json()["error"]
            assert refused.status_code == 404
            assert error["message"] == absent["message"].replace("/nowhere", "/metrics").replace("GET", method)
            assert error["details"] == absent["details"]


async def test_in_production_without_a_token_nobody_is_told(tmp_path: Path) -> None:
    settings = Settings(environment="production")
    async with running(WORLD, f"sqlite:///{tmp_path / 'world.db'}", settings) as world:
        assert (await world.nobody.get("/metrics")).status_code == 404


@pytest.mark.parametrize(
    ("address", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("192.0.2.7", {}, 404),
        ("127.0.0.1", {"X-Forwarded-For": "192.0.2.7"}, 404),
    ],
)
async def test_in_development_the_machine_itself_is_told(
    world: World, address: str, headers: dict[str, str], status: int
) -> None:
    transport = httpx.ASGITransport(app=world.runtime.asgi, client=(address, 4711))
    async with httpx.AsyncClient(transport=transport, base_url=HOST) as client:
        assert (await client.get("/metrics", headers=headers)).status_code == status


async def test_without_its_database_it_tells_of_itself(postgres_url: str) -> None:
    async with running(WORLD, postgres_url) as world:
        await world.runtime.store.close()
        found = await _samples(world)
        assert found["fieldstone_database_up", ()] == 0
        assert found["fieldstone_plans", ()] >= 0
        assert ("fieldstone_outbox_events", ()) not in found
