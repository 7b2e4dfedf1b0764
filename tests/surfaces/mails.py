"""Mails of a running app: those that it has written into its folder, once none is on its way any more."""

import asyncio
import re
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

from fieldstone.app import Runtime
from fieldstone.engine.records import read_first
from tests.surfaces.running import World

SECONDS = 20.0


async def all_sent(world: World) -> None:
    """Returns when no mail is waiting any more."""
    await all_sent_by(world.runtime)


async def all_sent_by(runtime: Runtime) -> None:
    """Returns when no mail of a runtime's database is waiting any more."""
    assert runtime.delivery is not None
    async with asyncio.timeout(SECONDS):
        while await read_first(runtime.door.execute, "sys_email", {"due_at": {"$ne": None}}, ("id",)):
            await runtime.delivery.deliver_due()


async def mails(world: World) -> dict[str, EmailMessage]:
    """Returns all mails that were sent, by their ids, the oldest first."""
    await all_sent(world)
    return _written(world.folder)


async def messages_in(runtime: Runtime, folder: Path) -> list[EmailMessage]:
    """Returns all mails that an app in a folder has sent, the oldest first."""
    await all_sent_by(runtime)
    return list(_written(folder).values())


def link_in(mail: EmailMessage) -> str:
    """Returns the first link of a mail."""
    body = mail.get_body(("plain",))
    assert body is not None
    found: str = re.findall(r"https?://\S+", body.get_content())[0]
    return found


def _written(folder: Path) -> dict[str, EmailMessage]:
    files = sorted((folder / ".fieldstone" / "outbox").glob("*.eml"))
    return {file.stem: _message(file.read_bytes()) for file in files}


def _message(content: bytes) -> EmailMessage:
    message = message_from_bytes(content, _class=EmailMessage, policy=SMTP)
    assert isinstance(message, EmailMessage)
    return message
