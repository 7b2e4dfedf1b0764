"""Organisations over HTTP: who may make them, how many invitations go out, and what a browser may keep when its session is in another."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from fieldstone.identity.bootstrap import Account, create_account
from fieldstone.settings import Limits, Settings
from tests.databases import sqlite_address
from tests.surfaces.running import ADMIN, DATA, HOST, PASSWORD, Person, World, error_of, running

ORGANIZATION = "/api/v1/auth/organization"
MANY = Settings(limits=Limits(sign_ins=10_000), public_url=HOST)


@asynccontextmanager
async def house(folder: Path, organizations: str = "", settings: Settings = MANY) -> AsyncIterator[World]:
    """Opens an app that says something of organisations."""
    text = f"name: house\nlabel: The house\npackages: []\norganizations: {{{organizations}}}\n"
    (folder / "app.yaml").write_text(text, encoding="utf-8")
    async with running(folder, sqlite_address(folder / "house.db"), settings) as world:
        yield world


async def person(world: World, name: str, *sets: str) -> Person:
    """Makes a member of the first organisation, and signs him in."""
    account = Account(f"{name}@example.org", PASSWORD, name.title(), sets=sets, verified=True)
    await create_account(world.runtime.door.execute, account, world.runtime.organization_id)
    return await world.person(account.email)


@pytest.mark.parametrize(
    ("create", "administrator", "member"),
    [
        ("", 200, 403),
        ("create: administrators", 200, 403),
        ("create: everyone", 200, 200),
        ("create: nobody", 403, 403),
    ],
)
async def test_who_may_make_organisations_is_declared(
    tmp_path: Path, create: str, administrator: int, member: int
) -> None:
    async with house(tmp_path, create) as world:
        people = {"admin": await world.person(ADMIN), "ann": await person(world, "ann")}
        statuses = {}
        for name, one in people.items():
            made = await one.ask("POST", f"{ORGANIZATION}/create", {"name": name, "slug": name})
            free = await one.ask("POST", f"{ORGANIZATION}/check-slug", {"slug": "free"})
            statuses[name] = made.status_code
            assert free.status_code == made.status_code
            told = (await one.get(f"{ORGANIZATION}/list")).json()
            assert len(told) == (2 if made.status_code == 200 else 1)
        assert statuses == {"admin": administrator, "ann": member}
        error_of(
            await world.nobody.ask("POST", f"{ORGANIZATION}/create", {"name": "x", "slug": "x"}), 401, "UNAUTHENTICATED"
        )


async def test_invitations_are_counted_by_who_sends_them_and_by_who_gets_them(tmp_path: Path) -> None:
    few = Settings(limits=Limits(sign_ins=4), public_url=HOST)
    async with house(tmp_path, settings=few) as world:
        admin = await world.person(ADMIN)
        ada = await person(world, "ada", "admin_full_access")

        async def invite(one: Person, to: str) -> int:
            return (await one.ask("POST", f"{ORGANIZATION}/invite-member", {"email": f"{to}@example.org"})).status_code

        assert [await invite(admin, f"guest{number}") for number in range(5)] == [200, 200, 200, 200, 429]
        refused = await admin.ask("POST", f"{ORGANIZATION}/invite-member", {"email": "more@example.org"})
        assert error_of(refused, 429, "RATE_LIMITED")["details"]["retryAfter"] > 0
        assert [await invite(ada, "guest0") for _ in range(3)] == [200] * 3
        bob = await person(world, "bob", "admin_full_access")
        assert await invite(bob, "GUEST0") == 429
        assert await invite(bob, "another") == 200


async def test_tokens_of_invitations_are_tried_only_so_often(tmp_path: Path) -> None:
    async with house(tmp_path, settings=Settings(limits=Limits(sign_ins=3), public_url=HOST)) as world:
        admin = await world.person(ADMIN)
        tried = [
            (await admin.get(f"{ORGANIZATION}/get-invitation", params={"id": f"guess{number}"})).status_code
            for number in range(4)
        ]
        assert tried == [400, 400, 400, 429]


async def test_what_was_kept_in_one_organisation_is_asked_for_anew_in_another(tmp_path: Path) -> None:
    async with house(tmp_path) as world:
        admin = await world.person(ADMIN)
        first = world.runtime.organization_id
        team = await admin.make("sys_team", name="Divers")
        user = (await admin.get("/api/v1/auth/get-session")).json()["user"]["id"]
        paths = [f"{DATA}/sys_team/{team['id']}", f"{DATA}/sys_user/{user}", f"{DATA}/sys_team", f"{DATA}/sys_user"]
        here = {path: await admin.get(path) for path in paths}
        made = await admin.ask("POST", f"{ORGANIZATION}/create", {"name": "There", "slug": "there"})
        await person(world, "ann")
        for active in (made.json()["id"], first, made.json()["id"]):
            await admin.ask("POST", f"{ORGANIZATION}/set-active", {"organizationId": active})
            for path, answer in here.items():
                headers: Mapping[str, Any] = {"If-None-Match": answer.headers.get("etag", '"none"')}
                now, conditional = await admin.get(path), await admin.get(path, headers=headers)
                unchanged = (now.status_code, now.content) == (200, answer.content)
                assert (conditional.status_code == 304) <= unchanged, path
                if now.status_code != 200:
                    assert conditional.status_code == now.status_code
        assert (await admin.get(paths[0])).status_code == 404
        assert "etag" in here[paths[0]].headers
