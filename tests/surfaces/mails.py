"""Mails of a running app: those that it has written into its folder, once none is on its way any more."""

import asyncio
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP

from fieldstone.engine.records import read_first
from tests.surfaces.running import World

SECONDS = 20.0


async def all_sent(world: World) -> None:
    """Returns when no mail is waiting any more."""
    assert world.runtime.delivery is not None
    async with asyncio.timeout(SECONDS):
        while await read_first(world.runtime.door.execute, "sys_email", {"due_at": {"$ne": None}}, ("id",)):
            await world.runtime.delivery.deliver_due()


async def mails(world: World) -> dict[str, EmailMessage]:
    """Returns all mails that were sent, by their ids, the oldest first."""
    await all_sent(world)
    files = sorted((world.folder / ".fieldstone" / "outbox").glob("*.eml"))
    return {file.stem: _message(file.read_bytes()) for file in files}


def _message(content: bytes) -> EmailMessage:
    message = message_from_bytes(content, _class=EmailMessage, policy=SMTP)
    assert isinstance(message, EmailMessage)
    return message
