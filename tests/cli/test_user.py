"""`fieldstone user create` makes a user who can sign in, says what it did, and refuses without making half of one."""

import asyncio
import getpass
import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from fieldstone.app import open_runtime
from fieldstone.cli import build_app
from fieldstone.cli.report import report_error
from fieldstone.engine.records import read_records
from fieldstone.errors import FieldstoneError
from fieldstone.identity.credential import credential_of
from fieldstone.identity.documents import SignedIn
from fieldstone.identity.sessions import Origin
from fieldstone.log import open_log
from fieldstone.settings import Settings
from tests.identity.house import write_app

PASSWORD = "a good password"
APP = "name: small\norganization: Small & Co.\npackages: [./notes]\n"


class Ran(NamedTuple):
    """How a command ended: its exit code and what it said."""

    code: int
    out: str
    err: str


Command = Callable[..., Ran]


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("FIELDSTONE_ENV", "FIELDSTONE_DATABASE_URL", "FIELDSTONE_ADMIN_EMAIL", "FIELDSTONE_ADMIN_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    return write_app(tmp_path / "small", **{"app.yaml": APP})


@pytest.fixture
def run(app: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs `fieldstone user create APP` with further arguments."""

    def run(*arguments: str) -> Ran:
        code = 0
        try:
            build_app()(["user", "create", str(app), *arguments])
        except SystemExit as ended:
            code = int(ended.code or 0)
        except FieldstoneError as error:
            report_error(error)
            code = 1
        return Ran(code, *capsys.readouterr())

    return run


def held_after_signing_in(app: Path, email: str) -> tuple[frozenset[str], tuple[str, ...]]:
    """Returns the permission sets and roles of a user who signs in with the usual password."""

    async def look() -> tuple[frozenset[str], tuple[str, ...]]:
        async with open_runtime(app, Settings(), open_log(io.BytesIO(), readable=True)) as runtime:
            signed_in = await runtime.room.accounts.sign_in(email, PASSWORD, Origin("192.0.2.1"))
            assert isinstance(signed_in, SignedIn)
            caller = await runtime.room.identity.caller(credential_of(signed_in.token))
            assert caller.organization_id == runtime.organization_id
            return caller.sets, caller.values["roles"]

    return asyncio.run(look())


def users(app: Path) -> list[str]:
    async def look() -> list[str]:
        async with open_runtime(app, Settings(), open_log(io.BytesIO(), readable=True)) as runtime:
            return [row["email"] for row in await read_records(runtime.door.execute, "sys_user", {}, ("email",))]

    return asyncio.run(look())


def test_a_user_is_made_with_what_was_said_and_can_sign_in(run: Command, app: Path) -> None:
    ran = run("Ann@Example.org", "--password", PASSWORD, "--permission-set", "note_reader", "note_writer")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == "Made ann@example.org, a member of Small & Co., holding `note_reader`, `note_writer`.\n"
    held = frozenset({"everyone", "note_reader", "note_writer"})
    assert held_after_signing_in(app, "ann@example.org") == (held, ("member",))


def test_an_administrator_is_made_on_demand(run: Command, app: Path) -> None:
    ran = run("ada@example.org", "--password", PASSWORD, "--admin")
    assert ran.out == "Made ada@example.org, a member of Small & Co., holding `admin_full_access`.\n"
    held = frozenset({"everyone", "admin_full_access"})
    assert held_after_signing_in(app, "ada@example.org") == (held, ("admin",))


def test_without_a_set_a_user_holds_what_everyone_does(run: Command, app: Path) -> None:
    ran = run("tom@example.org", "--password", PASSWORD)
    assert "holding no permission set but `everyone`" in ran.out
    assert held_after_signing_in(app, "tom@example.org") == (frozenset({"everyone"}), ("member",))


def test_the_same_address_twice_is_refused(run: Command, app: Path) -> None:
    run("ann@example.org", "--password", PASSWORD)
    ran = run("ANN@example.org", "--password", PASSWORD, "--admin")
    assert (ran.code, ran.out, ran.err) == (1, "", "There is a user `ann@example.org` already.\n")
    assert held_after_signing_in(app, "ann@example.org")[0] == frozenset({"everyone"})


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("ann@example.org", "--password", "short"), "Password takes at least 8 characters, this has 5."),
        (("nowhere", "--password", PASSWORD), "E-mail is an e-mail address such as `ann@example.org`."),
        (
            ("ann@example.org", "--password", PASSWORD, "--permission-set", "note_reader", "note_riter"),
            "No permission set `note_riter` is declared.\nDid you mean `note_writer`?",
        ),
        (("ann@example.org",), "No password is given.\nSay `--password`, or run this in a terminal."),
    ],
)
def test_what_is_wrong_is_told_and_nobody_is_made(
    run: Command, app: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], told: str
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    ran = run(*arguments)
    assert (ran.code, ran.out, ran.err) == (1, "", f"{told}\n")
    assert users(app) == []


def test_in_a_terminal_the_password_is_asked_for_twice(
    run: Command, app: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter([PASSWORD, "something else", PASSWORD, PASSWORD])
    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr(getpass, "getpass", lambda _prompt: next(answers))
    assert run("ann@example.org").err == "The two passwords differ; nobody was made.\n"
    assert run("ann@example.org").code == 0
    assert held_after_signing_in(app, "ann@example.org")[0] == frozenset({"everyone"})


class Terminal(io.StringIO):
    """An input that is a terminal."""

    def isatty(self) -> bool:
        return True
