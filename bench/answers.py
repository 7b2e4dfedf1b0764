"""Requests as they are sent, and what must be equal in the answers of two servers, byte for byte."""

import itertools
import json
import re
import socket
from collections.abc import Iterator

import msgspec

from bench.requests import Request
from bench.scenarios import Compare, Scenario
from bench.server import Side, Stand

NEW_EACH_TIME = frozenset({"id", "number", "created_at", "updated_at"})
_CHANGED = re.compile(rb'"updated_at":"[^"]*",')
"""When a record was changed, which is never the same on two servers."""


class Different(Exception):
    """The two servers answer the same request differently: there is nothing to compare."""


class _Page(msgspec.Struct):
    items: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


def check(stand: Stand, scenario: Scenario) -> int:
    """Compares the answers of both servers to the same requests and returns how many; raises Different."""
    requests = list(itertools.islice(scenario.make(stand.data), scenario.compared))
    for request in requests:
        message = message_of(request, stand.tokens[scenario.caller])
        ours, theirs = (
            compared_part(ask(side, message), request, scenario) for side in (stand.fieldstone, stand.floor)
        )
        if ours != theirs:
            raise Different(f"{scenario.name}: {request.target}\n{_difference(ours, theirs)}")
    return len(requests)


def message_of(request: Request, token: str) -> bytes:
    """Returns a whole HTTP request."""
    lines = [f"{request.method} {request.target} HTTP/1.1", "Host: 127.0.0.1", f"Authorization: Bearer {token}"]
    if request.version is not None:
        lines.append(f'If-Match: "{request.version}"')
    if request.body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(request.body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + request.body


def ask(side: Side, message: bytes) -> bytes:
    """Returns the whole answer of a server to a request."""
    with socket.create_connection(("127.0.0.1", side.port)) as connection:
        connection.sendall(message.replace(b"\r\nHost", b"\r\nConnection: close\r\nHost", 1))
        return b"".join(_received(connection))


def status_line(status: int) -> bytes:
    """Returns how an answer with a status begins; 0 stands for all that tell of success."""
    return b"HTTP/1.1 %d" % status if status else b"HTTP/1.1 2"


def compared_part(answer: bytes, request: Request, scenario: Scenario) -> bytes:
    """Returns the part of an answer that must be equal on both sides; raises Different for one with another status."""
    head, _, body = answer.partition(b"\r\n\r\n")
    if not head.startswith(status_line(scenario.status)):
        raise Different(f"{scenario.name}: {request.target} is answered {answer[:2000]!r}")
    compare = scenario.compare
    if compare == "any":
        compare, body = _compare_of(request), _CHANGED.sub(b"", body)
    if compare == "items":
        items = msgspec.json.decode(body, type=_Page).items
        return b"" if items is msgspec.UNSET else bytes(items)
    if compare == "record":
        return body
    value = json.loads(body)
    if compare == "results":
        value["results"] = [result | {"id": None} for result in value["results"]]
        return json.dumps(value).encode()
    new = NEW_EACH_TIME if compare == "created" else {"updated_at"}
    return json.dumps({name: None if name in new else each for name, each in value.items()}).encode()


def _compare_of(request: Request) -> Compare:
    """Returns what must be equal in the answer to one of several kinds of requests."""
    if request.method == "GET":
        return "items" if "?" in request.target else "record"
    return "created" if request.method == "POST" else "updated"


def _difference(ours: bytes, theirs: bytes) -> str:
    """Returns both answers around the first place where they part."""
    places = enumerate(zip(ours, theirs, strict=False))
    first = next((place for place, (one, other) in places if one != other), min(len(ours), len(theirs)))
    shown = slice(max(0, first - 200), first + 200)
    return f"from byte {first} on\nFieldstone: {ours[shown]!r}\nfloor:      {theirs[shown]!r}"


def _received(connection: socket.socket) -> Iterator[bytes]:
    while chunk := connection.recv(65_536):
        yield chunk
