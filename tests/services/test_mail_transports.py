"""Transports: mails in a folder, and handed to a real SMTP server, with and without TLS, taken and refused."""

from pathlib import Path

import pytest

from fieldstone.errors import SettingsError
from fieldstone.services.mail.transport import (
    FolderTransport,
    NotDelivered,
    Parcel,
    SmtpTransport,
    choose_transport,
)
from fieldstone.settings import Settings
from tests.servers import free_port
from tests.smtp import running_mail_server, write_certificate

USER, PASSWORD = "desk", "p@ss/word"
CREDENTIALS = "desk:p%40ss%2Fword@"
TEXT = "Subject: Hello\r\n\r\n.\r\n..\r\nbye\r\n"


def parcel(*recipients: str) -> Parcel:
    return Parcel("01A", "desk@app.example", recipients or ("ann@example.org",), TEXT)


async def test_a_mail_is_written_into_the_folder_once_for_its_owner_alone(tmp_path: Path) -> None:
    transport = FolderTransport(tmp_path / "new" / "outbox")
    for _ in range(2):
        assert await transport.deliver(parcel()) is None
    (file,) = (tmp_path / "new" / "outbox").iterdir()
    assert (file.name, file.read_bytes()) == ("01A.eml", TEXT.encode())
    assert file.stat().st_mode & 0o077 == 0


async def test_a_folder_that_cannot_be_written_may_be_there_later(tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("a file")
    with pytest.raises(NotDelivered) as failed:
        await FolderTransport(tmp_path / "outbox").deliver(parcel())
    assert not failed.value.final


async def test_a_server_takes_refuses_and_defers(tmp_path: Path) -> None:
    with running_mail_server(tmp_path) as server:
        transport = SmtpTransport(f"smtp+plain://127.0.0.1:{server.port}")
        assert await transport.deliver(parcel("ann@example.org", "tom@example.org")) is None
        told = await transport.deliver(parcel("ann@example.org", "nobody@example.org"))
        assert told == "1 of 2 recipients were refused."
        for name, final in (("nobody", True), ("busy", False)):
            with pytest.raises(NotDelivered) as failed:
                await transport.deliver(parcel(f"{name}@example.org"))
            assert failed.value.final is final
            assert "example.org" not in str(failed.value)
        assert [(mail.sender, mail.recipients, mail.message, mail.tls) for mail in server.mails()] == [
            ("desk@app.example", ["ann@example.org", "tom@example.org"], TEXT, False),
            ("desk@app.example", ["ann@example.org"], TEXT, False),
        ]


async def test_a_server_that_is_not_there_may_come_back() -> None:
    with pytest.raises(NotDelivered) as failed:
        await SmtpTransport(f"smtp+plain://127.0.0.1:{free_port()}").deliver(parcel())
    assert not failed.value.final


@pytest.mark.parametrize(("scheme", "options"), [("smtp", ()), ("smtps", ("--tls",))])
async def test_passwords_and_mails_go_under_tls(
    scheme: str, options: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, key = write_certificate(tmp_path)
    options = ("--certificate", certificate, key, "--user", USER, PASSWORD, *options)
    with running_mail_server(tmp_path, *options) as server:
        address = f"127.0.0.1:{server.port}"
        with pytest.raises(NotDelivered) as failed:
            await SmtpTransport(f"{scheme}://{CREDENTIALS}{address}").deliver(parcel())
        assert not failed.value.final
        monkeypatch.setenv("SSL_CERT_FILE", certificate)
        with pytest.raises(NotDelivered) as failed:
            await SmtpTransport(f"{scheme}://desk:wrong@{address}").deliver(parcel())
        assert not failed.value.final
        assert "535" in str(failed.value)
        assert await SmtpTransport(f"{scheme}://{CREDENTIALS}{address}").deliver(parcel()) is None
        assert [(mail.tls, mail.user, mail.message) for mail in server.mails()] == [(True, USER, TEXT)]


async def test_a_server_without_starttls_gets_neither_password_nor_mail(tmp_path: Path) -> None:
    with running_mail_server(tmp_path) as server:
        with pytest.raises(NotDelivered):
            await SmtpTransport(f"smtp://{CREDENTIALS}127.0.0.1:{server.port}").deliver(parcel())
        assert server.mails() == []


@pytest.mark.parametrize(
    "url",
    [
        *("mail.example", "http://mail.example", "smtp://", "smtp://mail.example:port", "smtp://mail.example/x"),
        *("smtp://mail.example?tls=off", "smtp+plain://desk:secret@mail.example"),
    ],
)
def test_an_address_that_is_none_or_would_tell_the_password_is_refused(url: str) -> None:
    with pytest.raises(SettingsError) as refused:
        SmtpTransport(url)
    assert "secret" not in str(refused.value)


def test_the_settings_choose_the_transport(tmp_path: Path) -> None:
    chosen = {
        "smtp": Settings(smtp_url="smtps://mail.example", mail_folder="mails", environment="production"),
        "folder": Settings(mail_folder="mails", environment="production"),
    }
    for name, settings in chosen.items():
        transport = choose_transport(settings, tmp_path)
        assert transport is not None
        assert transport.name == name
    assert choose_transport(Settings(), tmp_path) is not None
    assert choose_transport(Settings(environment="production"), tmp_path) is None
