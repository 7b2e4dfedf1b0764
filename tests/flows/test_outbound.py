"""Requests to the outside: what is asked of whom, and what is refused before anybody is asked."""

import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from fieldstone.errors import ExternalService, OutboundRefused
from fieldstone.flows.outbound import Answer, Bounds, Outbound, Request
from tests.flows.outside import LOOPBACK, SILENCE, Names, answering, outside
from tests.smtp import write_certificate

HOOKS = Names(hooks=[LOOPBACK])


def outbound(names: Names = HOOKS, allowed: Sequence[str] = ("hooks.example",), **more: Any) -> Outbound:
    """Returns a client that may ask `hooks.example`, which is this machine."""
    return Outbound(allowed, resolve=names.resolve, **more)


async def test_a_request_arrives_as_it_was_made_and_its_answer_comes_back() -> None:
    async with outside(answering("418 No", b"tea", x_kind="pot")) as place:
        url = f"http://hooks.example:{place.port}/a%20b?c=d#e"
        headers = {"X-Key": "k", "Idempotency-Key": "run.1"}
        answer = await outbound().send(Request(url, "post", headers, b"body"))
    assert (answer.status, answer.body, answer.headers["x-kind"]) == (418, b"tea", "pot")
    (request,) = place.requests
    head, _, body = request.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0] == "POST /a%20b?c=d HTTP/1.1"
    assert body == b"body"
    sent = dict(line.lower().split(": ", 1) for line in lines[1:])
    assert sent["host"] == f"hooks.example:{place.port}"
    assert (sent["x-key"], sent["idempotency-key"]) == ("k", "run.1")


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "2130706433", "0x7f.1", "127.1"),
        *("private.example", "mixed.example", "mapped.example", "scoped.example"),
    ],
)
async def test_what_is_not_public_is_not_asked(host: str) -> None:
    names = Names(
        private=["10.0.0.1"], mixed=["93.184.216.34 127.0.0.1"], mapped=["::ffff:127.0.0.1"], scoped=["fe80::1%1"]
    )
    client = Outbound(resolve=names.resolve)
    async with outside() as place:
        with pytest.raises(OutboundRefused):
            await client.send(Request(f"http://{host}:{place.port}/"))
    assert place.requests == []


async def test_the_machines_own_name_is_refused_by_the_machines_own_resolver() -> None:
    async with outside() as place:
        with pytest.raises(OutboundRefused, match="not on the open internet"):
            await Outbound().send(Request(f"http://localhost:{place.port}/"))
        answer = await Outbound(["localhost"]).send(Request(f"http://localhost:{place.port}/"))
    assert (answer.status, len(place.requests)) == (200, 1)


async def test_a_host_may_be_allowed_for_one_port_alone() -> None:
    async with outside() as one, outside() as other:
        client = outbound(allowed=[f"Hooks.Example:{one.port}"])
        await client.send(Request(f"http://hooks.example:{one.port}/"))
        with pytest.raises(OutboundRefused):
            await client.send(Request(f"http://hooks.example:{other.port}/"))
    assert (len(one.requests), len(other.requests)) == (1, 0)


async def test_a_name_is_resolved_once_and_the_connection_goes_where_it_was_resolved_to() -> None:
    names = Names(hooks=[LOOPBACK, "127.0.0.2"])
    async with outside() as place:
        await outbound(names).send(Request(f"http://hooks.example:{place.port}/"))
    assert names.asked == ["hooks.example"]
    assert len(place.requests) == 1


async def test_a_name_that_turns_private_before_a_redirect_back_to_it_is_refused() -> None:
    names = Names(hooks=[LOOPBACK], rebinding=["10.0.0.1"])
    async with outside(answering("302 Found", location="http://rebinding.example/")) as place:
        with pytest.raises(OutboundRefused, match=r"`rebinding\.example` is not on the open internet"):
            await outbound(names).send(Request(f"http://hooks.example:{place.port}/"))
    assert names.asked == ["hooks.example", "rebinding.example"]


@pytest.mark.parametrize(
    "location",
    ["http://127.0.0.1:{port}/", "//2130706433:{port}/", "http://[::1]:{port}/", "ftp://hooks.example/", "http://a b/"],
)
async def test_a_redirect_is_judged_as_the_first_address_is(location: str) -> None:
    async with outside() as target, outside() as place:
        place.answers = [answering("307 Go", location=location.format(port=target.port))]
        with pytest.raises(OutboundRefused):
            await outbound().send(Request(f"http://hooks.example:{place.port}/"))
    assert (len(place.requests), target.requests) == (1, [])


@pytest.mark.parametrize(
    ("status", "method", "body"),
    [("301 M", "GET", b""), ("303 S", "GET", b""), ("307 T", "POST", b"x"), ("308 P", "POST", b"x")],
)
async def test_a_redirect_is_followed_without_what_was_for_the_first_place_alone(
    status: str, method: str, body: bytes
) -> None:
    async with outside(answering(body=b"here")) as target, outside() as place:
        place.answers = [answering(status, location=f"http://hooks.example:{target.port}/next")]
        headers = {"Authorization": "Bearer t", "X-Key": "k", "Accept": "text/plain"}
        answer = await outbound().send(Request(f"http://hooks.example:{place.port}/", "POST", headers, b"x"))
    assert (answer.body, answer.url) == (b"here", f"http://hooks.example:{target.port}/next")
    head, _, sent = target.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(f"{method} /next ".encode())
    assert sent == body
    assert b"text/plain" in head
    assert b"Bearer" not in head
    assert b"x-key" not in head.lower()


async def test_redirects_come_to_an_end() -> None:
    async with outside(answering("302 Found", location="/again")) as place:
        with pytest.raises(ExternalService, match="more than 3 times"):
            await outbound().send(Request(f"http://hooks.example:{place.port}/"), Bounds(redirects=3))
    assert len(place.requests) == 4


async def test_an_answer_has_a_largest_size_whatever_it_says_of_itself() -> None:
    endless = b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 200_000
    for answer in (answering(body=b"x" * 100_001), endless):
        async with outside(answer) as place:
            with pytest.raises(ExternalService, match="larger than 100000 bytes"):
                await outbound().send(Request(f"http://hooks.example:{place.port}/"), Bounds(largest=100_000))


async def test_a_compressed_answer_is_not_unpacked() -> None:
    async with outside(answering(body=b"x", content_encoding="gzip")) as place:
        with pytest.raises(ExternalService, match="compressed"):
            await outbound().send(Request(f"http://hooks.example:{place.port}/"))


async def test_an_answer_that_never_ends_ends_with_its_time() -> None:
    async with outside(SILENCE) as place:
        with pytest.raises(ExternalService, match="did not answer within"):
            await outbound().send(Request(f"http://hooks.example:{place.port}/"), Bounds(seconds=0.05))


async def test_what_cannot_be_asked_tells_nothing_of_the_machine() -> None:
    async with outside() as place:
        port = place.port
    with pytest.raises(ExternalService) as refused:
        await outbound().send(Request(f"http://hooks.example:{port}/secret?token=1"))
    assert refused.value.message == f"`http://hooks.example:{port}` could not be asked: no connection."
    with pytest.raises(ExternalService, match=r"`unknown\.example` is not known"):
        await outbound().send(Request("http://unknown.example/"))


@pytest.mark.parametrize(
    "request_made",
    [
        Request("ftp://hooks.example/"),
        Request("file:///etc/passwd"),
        Request("hooks.example"),
        Request("http://name:word@hooks.example/"),
        Request("http:///"),
        Request("http://hooks.example/", "CONNECT"),
        Request("http://hooks.example/", "GET /x HTTP/1.1\r\nX: "),
        Request("http://hooks.example/", headers={"Host": "other.example"}),
        Request("http://hooks.example/", headers={"Transfer-Encoding": "chunked"}),
        Request("http://hooks.example/", headers={"X-A": "b\r\nX-C: d"}),
    ],
)
async def test_a_request_holds_nothing_that_would_make_it_another(request_made: Request) -> None:
    names = Names(hooks=[LOOPBACK])
    with pytest.raises(OutboundRefused):
        await outbound(names).send(request_made)
    assert names.asked == []


async def test_over_tls_the_name_is_what_the_certificate_must_be_of(tmp_path: Path) -> None:
    certificate, key = write_certificate(tmp_path)
    served = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    served.load_cert_chain(certificate, key)
    trusted = ssl.create_default_context(cafile=certificate)
    names = Names(mail=[LOOPBACK], other=[LOOPBACK])
    client = outbound(names, ("mail.example", "other.example"), tls=trusted)
    async with outside(answering(body=b"safe"), tls=served) as place:
        answer: Answer = await client.send(Request(f"https://mail.example:{place.port}/"))
        assert answer.body == b"safe"
        with pytest.raises(ExternalService):
            await client.send(Request(f"https://other.example:{place.port}/"))
        place.answers = [answering("302 Found", location=f"http://mail.example:{place.port}/")]
        with pytest.raises(OutboundRefused, match="from https to http"):
            await client.send(Request(f"https://mail.example:{place.port}/"))
    assert len(place.requests) == 2


async def test_an_address_may_be_allowed_like_a_name() -> None:
    async with outside() as place:
        for host in (LOOPBACK, f"{LOOPBACK}:{place.port}"):
            await Outbound([host]).send(Request(f"http://{LOOPBACK}:{place.port}/"))
    assert len(place.requests) == 2
