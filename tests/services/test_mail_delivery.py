"""Delivery: a mail leaves once its Unit is committed, and only then; once, however many processes there are; later, when it could not."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from fieldstone.access.caller import ANONYMOUS, SYSTEM, Caller
from fieldstone.clock import later
from fieldstone.engine.operation import Create, Delete, SendMail, Together
from fieldstone.engine.sweep import sweep_past
from fieldstone.errors import Internal, Invalid, NotFound, NotOffered, PermissionDenied
from fieldstone.registry.catalog import Catalog
from fieldstone.services.mail.delivery import CLAIMED_SECONDS, PAUSES
from fieldstone.services.mail.post import EMAIL
from fieldstone.services.mail.transport import NotDelivered, Parcel
from tests.identity.house import load, write_app
from tests.services.post_office import DAYS, MAIL, Office, ToldTransport, open_office


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return load(write_app(tmp_path_factory.mktemp("app")))


@pytest.fixture
async def office(catalog: Catalog, sqlite_url: str) -> AsyncIterator[Office]:
    async with open_office(catalog, sqlite_url) as office:
        yield office


@pytest.fixture
async def either_office(catalog: Catalog, database_url: str) -> AsyncIterator[Office]:
    """An office over each kind of database."""
    async with open_office(catalog, database_url) as office:
        yield office


async def test_a_mail_leaves_after_its_unit_and_its_text_goes_with_it(either_office: Office) -> None:
    office = either_office
    await office.door.execute(MAIL, SYSTEM)
    assert office.waiting.is_set()
    assert office.transport.taken == []
    (row,) = await office.rows()
    assert (row["status"], row["attempts"]) == ("queued", 0)
    assert "a-token" not in row["content"]
    assert await office.delivery.deliver_due() == 1
    (parcel,) = office.transport.taken
    assert (parcel.sender, parcel.recipients) == ("test@app.example", ("ann@example.org",))
    assert "token=3Da-token" in parcel.message
    assert await office.rows() == [
        {
            "status": "sent",
            "attempts": 1,
            "due_at": None,
            "sent_at": office.now,
            "expires_at": later(office.now, DAYS * 86_400),
            "failure": None,
            "content": None,
        }
    ]
    assert await office.delivery.deliver_due() == 0


async def test_what_is_rolled_back_sends_nothing(either_office: Office) -> None:
    office = either_office
    with pytest.raises(NotFound):
        await office.door.execute(Together((MAIL, Delete("note", "0" * 26))), SYSTEM)
    await office.door.execute(MAIL, SYSTEM, dry=True)
    assert not office.waiting.is_set()
    assert await office.delivery.deliver_due() == 0
    assert await office.rows() == []


async def test_what_is_written_together_with_a_mail_stands_when_it_leaves(office: Office) -> None:
    done = await office.door.execute(Together((Create("note", ({"text": "written"},)), MAIL)), SYSTEM)
    assert [written.object for written in done.outcomes] == ["note", EMAIL]
    assert await office.delivery.deliver_due() == 1


async def test_a_mail_of_a_process_that_died_before_it_sent_is_sent_by_another(office: Office) -> None:
    await office.door.execute(MAIL, SYSTEM)
    transport = ToldTransport()
    assert await office.another_delivery(transport).deliver_due() == 1
    assert len(transport.taken) == 1


async def test_a_mail_of_a_process_that_died_while_it_sent_is_sent_again_when_its_claim_is_over(office: Office) -> None:
    async def die(_parcel: Parcel) -> None:
        raise asyncio.CancelledError

    office.transport.answer = die
    await office.door.execute(MAIL, SYSTEM)
    await office.delivery.deliver_due()
    transport = ToldTransport()
    other = office.another_delivery(transport)
    office.move(CLAIMED_SECONDS - 1)
    assert await other.deliver_due() == 0
    office.move(1)
    assert await other.deliver_due() == 1
    assert len(transport.taken) == 1
    assert (await office.rows("status", "attempts"))[0] | {"status": "sent", "attempts": 2} == (
        await office.rows("status", "attempts")
    )[0]


async def test_two_processes_send_each_mail_once(either_office: Office) -> None:
    office = either_office
    for _ in range(6):
        await office.door.execute(MAIL, SYSTEM)
    transport = ToldTransport()
    other = office.another_delivery(transport)
    await asyncio.gather(office.delivery.deliver_due(), other.deliver_due())
    sent = [parcel.id for parcel in (*office.transport.taken, *transport.taken)]
    assert (len(sent), len(set(sent))) == (6, 6)


async def test_a_mail_that_does_not_leave_is_tried_again_ever_more_rarely_and_has_failed_in_the_end(
    office: Office,
) -> None:
    async def fail(_parcel: Parcel) -> None:
        raise NotDelivered("The server cannot be reached.", final=False)

    office.transport.answer = fail
    await office.door.execute(MAIL, SYSTEM)
    for number, pause in enumerate(PAUSES, 1):
        assert await office.delivery.deliver_due() == 1
        (row,) = await office.rows("status", "attempts", "due_at")
        assert (row["status"], row["attempts"], row["due_at"]) == ("queued", number, later(office.now, pause))
        assert await office.delivery.deliver_due() == 0
        office.move(pause)
    assert await office.delivery.deliver_due() == 1
    (row,) = await office.rows("status", "failure", "content", "due_at")
    assert row["status"] == "failed"
    assert row["failure"] == "The server cannot be reached."
    assert (row["content"], row["due_at"]) == (None, None)
    assert sorted(PAUSES) == list(PAUSES)


async def test_a_mail_that_is_refused_for_good_is_not_tried_again(office: Office) -> None:
    async def refuse(_parcel: Parcel) -> None:
        raise NotDelivered("The server refuses it: 550.", final=True)

    office.transport.answer = refuse
    await office.door.execute(MAIL, SYSTEM)
    await office.delivery.deliver_due()
    office.move(10**6)
    assert await office.delivery.deliver_due() == 0
    assert (await office.rows("status"))[0]["status"] == "failed"


async def test_a_transport_that_breaks_stops_neither_the_others_nor_the_run(office: Office) -> None:
    async def break_once(parcel: Parcel) -> None:
        if not office.transport.taken:
            office.transport.answer = None
            raise ZeroDivisionError

    office.transport.answer = break_once
    await office.door.execute(MAIL, SYSTEM)
    await office.door.execute(MAIL, SYSTEM)
    assert await office.delivery.deliver_due() == 2
    assert len(office.transport.taken) == 1
    assert b"ZeroDivisionError" in office.log.getvalue()
    office.move(CLAIMED_SECONDS)
    assert await office.delivery.deliver_due() == 1
    assert len(office.transport.taken) == 2


async def test_the_log_names_mails_and_neither_addresses_nor_what_they_say(office: Office) -> None:
    async def refuse(_parcel: Parcel) -> None:
        raise NotDelivered("The server refuses it: 550.", final=True)

    await office.door.execute(MAIL, SYSTEM)
    await office.delivery.deliver_due()
    office.transport.answer = refuse
    await office.door.execute(MAIL, SYSTEM)
    await office.delivery.deliver_due()
    log = office.log.getvalue().decode()
    assert "mail_sent" in log
    assert "mail_not_sent" in log
    assert "ann@example.org" not in log
    assert "token" not in log


async def test_a_run_sends_what_comes_and_ends_after_what_it_has_begun(office: Office) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def wait(_parcel: Parcel) -> None:
        begun.set()
        await go_on.wait()

    office.transport.answer = wait
    running = asyncio.create_task(office.delivery.run())
    await office.door.execute(MAIL, SYSTEM)
    await begun.wait()
    closing = asyncio.create_task(office.delivery.close(running))
    await asyncio.sleep(0)
    go_on.set()
    await closing
    assert (await office.rows("status"))[0]["status"] == "sent"


async def test_what_became_of_a_mail_is_forgotten_after_a_while(office: Office) -> None:
    await office.door.execute(MAIL, SYSTEM)
    await office.door.execute(MAIL, SYSTEM)
    office.move(DAYS * 86_400)
    assert await sweep_past(office.door, EMAIL) == 0
    await office.delivery.deliver_due()
    office.move(DAYS * 86_400)
    assert await sweep_past(office.door, EMAIL) == 2


@pytest.mark.parametrize("caller", [ANONYMOUS, Caller(frozenset({"everyone"}), {"id": "u"})])
async def test_only_the_system_sends_mails_of_the_platform(office: Office, caller: Caller) -> None:
    for operation in (MAIL, Together(())):
        with pytest.raises(PermissionDenied):
            await office.door.execute(operation, caller)


@pytest.mark.parametrize(
    ("operation", "error"),
    [
        (SendMail("reset_pasword", "ann@example.org", MAIL.values), Internal),
        (SendMail("reset_password", "ann@example.org\r\nBcc: x@y.example", MAIL.values), Invalid),
        (SendMail("reset_password", "ann@example.org", {}), Invalid),
    ],
)
async def test_a_mail_that_cannot_be_is_refused_before_anything_is_written(
    office: Office, operation: Any, error: type[Exception]
) -> None:
    with pytest.raises(error):
        await office.door.execute(operation, SYSTEM)
    assert await office.rows() == []


async def test_without_a_transport_mails_are_refused(office: Office) -> None:
    office.post._wake = None
    with pytest.raises(NotOffered):
        await office.door.execute(MAIL, SYSTEM)
