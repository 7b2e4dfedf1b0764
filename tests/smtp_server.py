"""The SMTP server of the tests, a program: it writes each mail that it takes to a file, as a line of JSON.

Who is called `nobody` is refused for good, who is called `busy` for now. With a certificate it offers STARTTLS, or with `--tls` speaks
TLS at once; with a user it takes mails from nobody else.
"""

import argparse
import asyncio
import json
import ssl
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


async def take_recipient(
    _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
) -> str:
    """Takes a recipient, or refuses him."""
    if address.startswith("nobody@"):
        return f"550 5.1.1 <{address}> is not known"
    if address.startswith("busy@"):
        return f"451 4.3.0 <{address}> is busy"
    envelope.rcpt_tos.append(address)
    return "250 OK"


async def take_mail(file: Path, server: SMTP, session: Session, envelope: Envelope) -> str:
    """Writes a mail to the file."""
    content = envelope.content if isinstance(envelope.content, bytes) else b""
    entry = {
        "sender": envelope.mail_from,
        "recipients": envelope.rcpt_tos,
        "message": content.decode("ascii"),
        "tls": server.transport is not None and server.transport.get_extra_info("ssl_object") is not None,
        "user": session.auth_data,
    }
    with file.open("a", encoding="utf-8") as lines:
        lines.write(json.dumps(entry) + "\n")
    return "250 taken"


def judge(
    user: str, password: str, _server: SMTP, _session: Session, _envelope: Envelope, _how: str, sent: Any
) -> AuthResult:
    """Tells whether somebody is the user."""
    fits = isinstance(sent, LoginPassword) and (sent.login, sent.password) == (user.encode(), password.encode())
    return AuthResult(success=fits, handled=False, auth_data=user if fits else None)


async def main() -> None:
    """Serves until it is ended."""
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("file", type=Path)
    parser.add_argument("--certificate", nargs=2)
    parser.add_argument("--tls", action="store_true")
    parser.add_argument("--user", nargs=2)
    arguments = parser.parse_args()
    context = None
    if arguments.certificate:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*arguments.certificate)
    handler = SimpleNamespace(handle_RCPT=take_recipient, handle_DATA=partial(take_mail, arguments.file))
    session = partial(
        SMTP,
        handler,
        hostname="mail.example",
        tls_context=None if arguments.tls else context,
        require_starttls=context is not None and not arguments.tls,
        auth_required=arguments.user is not None,
        auth_require_tls=not arguments.tls,
        authenticator=partial(judge, *arguments.user) if arguments.user else None,
        loop=asyncio.get_running_loop(),
    )
    listening = await asyncio.get_running_loop().create_server(
        session, "127.0.0.1", arguments.port, ssl=context if arguments.tls else None
    )
    await listening.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
