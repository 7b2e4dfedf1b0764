"""Transports: how a mail leaves the house, into a folder or to an SMTP server.

What went wrong is told without addresses and without what the server said, which may quote them.
"""

import asyncio
import os
import ssl
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol
from urllib.parse import SplitResult, unquote, urlsplit

import msgspec

from fieldstone.errors import SettingsError
from fieldstone.late import late_module
from fieldstone.settings import Settings

if TYPE_CHECKING:
    import aiosmtplib
else:
    aiosmtplib = late_module("aiosmtplib")

SECONDS: Final = 30.0
"""How long an SMTP server may take for an answer."""

_PERMANENT: Final = range(500, 600)
_PORTS: Final = {"smtps": 465, "smtp": 587, "smtp+plain": 25}


class Parcel(msgspec.Struct, frozen=True):
    """A mail in the form in which it travels: from which address, to which ones, and its text (ASCII)."""

    id: str
    sender: str
    recipients: tuple[str, ...]
    message: str


class NotDelivered(Exception):
    """A mail that did not leave; `final`: trying again would not help. Its text names no address."""

    def __init__(self, told: str, *, final: bool) -> None:
        super().__init__(told)
        self.final = final


class Transport(Protocol):
    """How mails leave."""

    name: str

    async def deliver(self, parcel: Parcel) -> str | None:
        """Hands a mail over; returns what is to be told of it though it left, if anything. Raises NotDelivered."""


def choose_transport(settings: Settings, outbox: Path) -> Transport | None:
    """Returns the transport of the settings, in development a folder of the app; None where nothing sends mails.

    Raises SettingsError.
    """
    if settings.smtp_url is not None:
        return SmtpTransport(settings.smtp_url)
    if settings.mail_folder is not None:
        return FolderTransport(Path(settings.mail_folder))
    return FolderTransport(outbox) if settings.environment == "development" else None


class FolderTransport:
    """Writes each mail as `<id>.eml` into a folder; one that is there already is not written again."""

    name = "folder"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def deliver(self, parcel: Parcel) -> str | None:
        """Writes the file, whole or not at all, for its owner's eyes alone."""
        try:
            await asyncio.to_thread(self._write, parcel.id, parcel.message)
        except OSError as error:
            raise NotDelivered(f"The folder cannot be written: {error.strerror}.", final=False) from error
        return None

    def _write(self, mail_id: str, message: str) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{mail_id}.eml"
        half = path.with_suffix(".part")
        descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii", newline="") as file:
            file.write(message)
        half.replace(path)


class SmtpTransport:
    """Hands each mail to a server: `smtps` speaks TLS at once, `smtp` begins it (STARTTLS) or gives up, `smtp+plain` never does."""

    name = "smtp"

    def __init__(self, url: str) -> None:
        """Takes the server's address; raises SettingsError for one that cannot be read."""
        parts = _parts_of(url)
        if parts.scheme == "smtp+plain" and parts.password is not None:
            raise SettingsError(
                "FIELDSTONE_SMTP_URL would send its password without TLS.", hint="Use `smtps://` or `smtp://`."
            )
        self._scheme = parts.scheme
        self._host = parts.hostname or ""
        self._port = parts.port or _PORTS[parts.scheme]
        self._user = None if parts.username is None else unquote(parts.username)
        self._password = None if parts.password is None else unquote(parts.password)
        self._tls = None if parts.scheme == "smtp+plain" else ssl.create_default_context()

    async def deliver(self, parcel: Parcel) -> str | None:
        """Hands a mail to the server; returns how many of several recipients it refused."""
        try:
            refused, _ = await aiosmtplib.send(
                parcel.message.encode("ascii"),
                sender=parcel.sender,
                recipients=parcel.recipients,
                hostname=self._host,
                port=self._port,
                username=self._user,
                password=self._password,
                use_tls=self._scheme == "smtps",
                start_tls=self._scheme == "smtp",
                tls_context=self._tls,
                timeout=SECONDS,
            )
        except aiosmtplib.SMTPRecipientsRefused as error:
            codes = sorted({recipient.code for recipient in error.recipients})
            raise NotDelivered(_refusal(codes), final=all(code in _PERMANENT for code in codes)) from None
        except aiosmtplib.SMTPAuthenticationError as error:
            raise NotDelivered(f"The server does not take our user and password: {error.code}.", final=False) from None
        except aiosmtplib.SMTPResponseException as error:
            raise NotDelivered(_refusal([error.code]), final=error.code in _PERMANENT) from None
        except (aiosmtplib.SMTPException, OSError) as error:
            raise NotDelivered(f"The server cannot be reached: {type(error).__name__}.", final=False) from None
        return f"{len(refused)} of {len(parcel.recipients)} recipients were refused." if refused else None


def _parts_of(url: str) -> SplitResult:
    """Returns the parts of a server's address; raises SettingsError."""
    parts = urlsplit(url)
    with suppress(ValueError):
        more = (parts.path.strip("/"), parts.query, parts.fragment)
        if parts.scheme in _PORTS and parts.hostname and parts.port != 0 and not any(more):
            return parts
    raise SettingsError(
        "FIELDSTONE_SMTP_URL is no address of an SMTP server.",
        hint="Write `smtps://user:password@host:465`, `smtp://...` or `smtp+plain://...`.",
    )


def _refusal(codes: list[int]) -> str:
    return f"The server refuses it: {', '.join(map(str, codes))}."
