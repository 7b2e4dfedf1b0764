"""A face without data behind a real edge and dispatcher, whose answers wait: for looking at how requests wait, and who is let in."""

import asyncio
import io
from typing import Any

import httpx

from fieldstone.kinds.app import Cors
from fieldstone.log import open_log
from fieldstone.metrics import Answers
from fieldstone.settings import Limits
from fieldstone.surfaces.http.body import read_body
from fieldstone.surfaces.http.cors import CrossOrigin
from fieldstone.surfaces.http.dispatcher import Dispatcher
from fieldstone.surfaces.http.edge import Edge, Entrance
from fieldstone.surfaces.http.places import Places
from fieldstone.surfaces.http.proxies import Proxies
from fieldstone.surfaces.http.request import Request, Response
from fieldstone.surfaces.rest.errors import ERRORS
from tests.surfaces.running import HOST


class Counters:
    """A face whose answers wait until they are let go; notes how many it was working on at a time."""

    def __init__(self, limits: Limits, errors: str = "objectos") -> None:
        self.places = Places(limits)
        self.answers = Answers()
        self.let_go = asyncio.Event()
        self.now = self.most = self.done = 0
        log = open_log(io.BytesIO(), readable=False)
        dispatcher = Dispatcher(self._answer, ERRORS[errors].body, limits, log, self.places)
        entrance = Entrance(lambda _path: dispatcher, CrossOrigin(Cors()))
        self.edge = Edge(lambda: entrance, log, Proxies(()), self.answers)
        transport = httpx.ASGITransport(app=self.edge)
        self.client = httpx.AsyncClient(transport=transport, base_url=HOST)

    async def _answer(self, request: Request) -> Response:
        request.route = "/counter"
        if request.method == "POST":
            await read_body(request, 1000)
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            await self.let_go.wait()
        finally:
            self.now -= 1
        self.done += 1
        return Response(200, b"{}")


async def settled(condition: Any) -> None:
    """Lets everything that can go on go on until a condition holds."""
    for _ in range(10_000):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("It never came to that.")
