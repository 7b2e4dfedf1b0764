"""The outside, for tests: a server on 127.0.0.1 that answers what it is told to, and a resolver of made-up names."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

LOOPBACK = "127.0.0.1"
TURNS = 10
"""How many turns of the loop a connection that is accepted takes at most until it is served."""


class Outside:
    """A server: `answers` are given in turn, the last one again and again; `requests` are those that it got, heads and bodies."""

    def __init__(self, answers: Sequence[bytes]) -> None:
        self.answers = list(answers)
        self.requests: list[bytes] = []
        self.port = 0
        self._serving: set[asyncio.Task[None] | None] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answers one connection and closes it."""
        self._serving.add(asyncio.current_task())
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                (int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
            )
            self.requests.append(head + await reader.readexactly(length))
            answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
            writer.write(answer)
            await writer.drain()
            if answer == SILENCE:
                await reader.read()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            with suppress(ConnectionError, ssl.SSLError):
                await writer.wait_closed()

    async def end(self) -> None:
        """Breaks off what is still being served; every connection is closed when it returns."""
        serving = [task for task in self._serving if task is not None]
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)


SILENCE = b"HTTP/1.1 200 OK\r\n"


def answering(status: str = "200 OK", body: bytes = b"", **headers: str) -> bytes:
    """Returns the bytes of an answer; `_` in the name of a header stands for `-`."""
    lines = [f"HTTP/1.1 {status}", f"content-length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


@asynccontextmanager
async def outside(*answers: bytes, tls: ssl.SSLContext | None = None) -> AsyncIterator[Outside]:
    """Runs a server for the time of the block."""
    place = Outside(answers or [answering()])
    server = await asyncio.start_server(place.serve, LOOPBACK, 0, ssl=tls)
    place.port = server.sockets[0].getsockname()[1]
    async with server:
        try:
            yield place
        finally:
            server.close()
            for _ in range(TURNS):
                await asyncio.sleep(0)
            await place.end()


class Names:
    """A resolver that knows some names; `asked` are those that it was asked for. A name with several answers gives them in turn."""

    def __init__(self, **addresses: Sequence[str]) -> None:
        self._addresses = {f"{name}.example": list(found) for name, found in addresses.items()}
        self.asked: list[str] = []

    async def resolve(self, host: str, _port: int) -> Sequence[str]:
        """Returns the addresses of a name; every one but the last is forgotten as it is told."""
        self.asked.append(host)
        known = self._addresses.get(host)
        if not known:
            raise OSError("no such host")
        return (known[0] if len(known) == 1 else known.pop(0)).split()
