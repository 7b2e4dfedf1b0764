"""A real SMTP server for tests, started in a process of its own on 127.0.0.1 (`smtp_server.py`), and what it has taken."""

import ipaddress
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from os import environ
from pathlib import Path

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.house.source import ROOT
from tests.servers import free_port, started

SECONDS_TO_START = 20.0


class Taken(msgspec.Struct, frozen=True):
    """A mail that the server took; `user` is who handed it over, if he had to say so."""

    sender: str
    recipients: list[str]
    message: str
    tls: bool
    user: str | None


class MailServer(msgspec.Struct, frozen=True):
    """A running server: its port, and the file that it writes to."""

    port: int
    file: Path

    def mails(self) -> list[Taken]:
        """Returns what it has taken so far."""
        lines = self.file.read_text(encoding="utf-8").splitlines() if self.file.exists() else []
        return [msgspec.json.decode(line, type=Taken) for line in lines]


@contextmanager
def running_mail_server(folder: Path, *options: str) -> Iterator[MailServer]:
    """Starts a server and yields it once it listens; `options` are those of `smtp_server.py`."""
    port, file = free_port(), folder / "taken.jsonl"
    script = str(ROOT / "tests" / "smtp_server.py")
    command = [sys.executable, script, str(port), str(file), *options]
    with started(command, environ, folder / f"smtp-{port}.log") as process:
        deadline = time.monotonic() + SECONDS_TO_START
        while process.poll() is None and time.monotonic() < deadline:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            time.sleep(0.05)
        yield MailServer(port, file)


def write_certificate(folder: Path) -> tuple[str, str]:
    """Writes a certificate for 127.0.0.1 that vouches for itself, and its key; returns their paths."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.example")])
    now, day = datetime.now(UTC), timedelta(days=1)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - day)
        .not_valid_after(now + day)
        .add_extension(
            x509.SubjectAlternativeName(
                [x509.DNSName("mail.example"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
            ),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    certificate_path, key_path = folder / "certificate.pem", folder / "key.pem"
    certificate_path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    key_path.write_bytes(key.private_bytes(*form))
    return str(certificate_path), str(key_path)
