"""Step `http`: a request to the open internet. Done at least once; the key of its step goes along, so that a second one can be told."""

from typing import Any, Literal

import msgspec

from fieldstone.errors import ExternalService
from fieldstone.flows.interpreter import Result, Turn
from fieldstone.flows.journal import Effects
from fieldstone.flows.outbound import Answer, Request
from fieldstone.flows.steps.step import StepType
from fieldstone.kinds.declaration import Declared, Name
from fieldstone.kinds.step import StepOptions
from fieldstone.query.cel.types import DYN, INT, STRING, map_of, struct_of
from fieldstone.registry.flows.graph import Evaluate, Linked, StepKind
from fieldstone.registry.flows.site import Site

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"]

KEY = "idempotency-key"
_READING = frozenset({"GET", "HEAD"})
_ANSWER = struct_of({"status": INT, "headers": map_of(STRING), "body": DYN})


class HttpStep(StepOptions, frozen=True, kw_only=True, tag="http"):
    """Asks somebody outside."""

    url: str
    """The address."""
    method: Method = "GET"
    """The method."""
    headers: dict[str, str] = {}
    """Headers; `Idempotency-Key` is set to what names this step of this run, unless it is said."""
    body: Any = None
    """What is sent: a text, or what is sent as JSON."""


class HttpNode(Declared, frozen=True, kw_only=True):
    """Asks somebody outside."""

    url: str
    """The address."""
    method: Method = "GET"
    """The method."""
    headers: dict[str, str] = {}
    """Headers; `Idempotency-Key` is set to what names this step of this run, unless it is said."""
    body: Any = None
    """What is sent: a text, or what is sent as JSON."""
    output: Name | None = msgspec.field(name="outputVariable", default=None)
    """The variable that holds the answer."""


class _Config(msgspec.Struct, frozen=True, eq=False):
    url: Evaluate
    method: str
    headers: Evaluate
    body: Evaluate


def _link(declared: HttpStep | HttpNode, site: Site) -> Linked | None:
    url = site.value(declared.url, site.at("url"))
    headers = site.value(declared.headers, site.at("headers"))
    body = site.value(declared.body, site.at("body"))
    if declared.body is not None and declared.method in _READING:
        site.refuse(site.at("body"), f"A {declared.method} sends no body.", "Say another `method`, or drop it.")
        return None
    if url is None or headers is None or body is None:
        return None
    return Linked(_Config(url.evaluate, declared.method, headers.evaluate, body.evaluate), _ANSWER)


async def _run(turn: Turn) -> Result:
    config: _Config = turn.config
    url, body = str(turn.value(config.url)), turn.value(config.body)
    headers = {name.lower(): str(value) for name, value in turn.value(config.headers).items()}
    if body is not None and not isinstance(body, str):
        headers.setdefault("content-type", "application/json")
    content = None if body is None else body.encode() if isinstance(body, str) else msgspec.json.encode(body)

    async def send(effects: Effects) -> Any:
        sent = {KEY: effects.key, **headers} if config.method not in _READING else headers
        return _told(await turn.outbound.send(Request(url, config.method, sent, content)))

    return await turn.reach_out({"url": url, "method": config.method, "body": body}, send)


def _told(answer: Answer) -> dict[str, Any]:
    """Returns an answer as steps use it; raises ExternalService for one that is no success."""
    if answer.status >= 400:
        raise ExternalService(f"`{answer.url}` answered {answer.status}.", details={"status": answer.status})
    body: Any = answer.body.decode("utf-8", "replace")
    if answer.headers.get("content-type", "").partition(";")[0].strip().endswith("json"):
        try:
            body = msgspec.json.decode(answer.body)
        except msgspec.DecodeError:
            raise ExternalService(f"`{answer.url}` answered with JSON that is none.") from None
    return {"status": answer.status, "headers": dict(answer.headers), "body": body}


HTTP = StepType(StepKind("http", _link, HttpStep, HttpNode, inline=False), _run)
