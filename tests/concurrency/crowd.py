"""A crowd: many requests at once to the servers of one app, by real sockets, each server in its turn."""

import asyncio
import itertools
from collections.abc import Sequence
from typing import Any

import httpx

from tests.servers import ADMIN_EMAIL, sign_in

DATA = "/api/v1/data"
PASSWORD = "a password of theirs"


class Office:
    """The servers of one app, with a session of the administrator."""

    def __init__(self, urls: Sequence[str], admin_password: str) -> None:
        """Signs the administrator in; a session holds at every server."""
        self.urls = list(urls)
        self.admin = sign_in(self.urls[0], ADMIN_EMAIL, admin_password)
        self._numbers = itertools.count(1)

    def ask(self, server: int, token: str, method: str, path: str, **more: Any) -> httpx.Response:
        """Sends one request to one server."""
        headers = {"Authorization": f"Bearer {token}"} | more.pop("headers", {})
        return httpx.request(method, f"{self.urls[server]}{path}", headers=headers, trust_env=False, **more)

    def make(self, object_name: str, **values: Any) -> dict[str, Any]:
        """Creates a record as the administrator and returns it."""
        answer = self.ask(0, self.admin, "POST", f"{DATA}/{object_name}", json=values)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    def fresh(self, text: str) -> str:
        """Returns a text that nobody had before."""
        return f"{text} {next(self._numbers)}"

    def person(self, *sets: str) -> tuple[dict[str, Any], list[str], str]:
        """Makes a user with permission sets; returns him, the ids of his grants, and the token of his session."""
        email = f"{self.fresh('person').replace(' ', '')}@crowd.example"
        user = self.make("sys_user", name="A person", email=email, password=PASSWORD)
        grants = [self.make("sys_user_permission_set", user_id=user["id"], permission_set=name)["id"] for name in sets]
        return user, grants, sign_in(self.urls[0], email, PASSWORD)

    def at_once(self, requests: Sequence[tuple[str, str, dict[str, Any]]]) -> list[httpx.Response]:
        """Sends all requests as the administrator at once, to one server after the other."""

        async def send_all() -> list[httpx.Response]:
            async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
                return await asyncio.gather(
                    *(
                        client.request(
                            method,
                            f"{url}{path}",
                            **{**more, "headers": {"Authorization": f"Bearer {self.admin}", **more.get("headers", {})}},
                        )
                        for url, (method, path, more) in zip(itertools.cycle(self.urls), requests, strict=False)
                    )
                )

        return asyncio.run(send_all())
