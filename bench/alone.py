"""One server alone: an app started as a user would, its administrator signed in, and requests sent to it."""

from collections.abc import Iterable
from typing import Any

import httpx
import msgspec

from bench.answers import message_of, status_line
from bench.load import Job, Measured
from bench.measure import Plan, send
from bench.requests import Request
from tests.servers import ADMIN_EMAIL, Server, sign_in


class Alone(msgspec.Struct, frozen=True):
    """A server with the token of its administrator."""

    server: Server
    token: str

    def api(self) -> httpx.Client:
        """Returns a client of the administrator."""
        headers = {"Authorization": f"Bearer {self.token}"}
        return httpx.Client(base_url=self.server.url, headers=headers, timeout=600, trust_env=False)

    def measure(self, requests: Iterable[Request], plan: Plan, *, token: str = "", status: int = 200) -> Measured:
        """Sends requests by the load generator as long as the plan says: over and over, or once each where records are made."""
        job = Job(
            port=httpx.URL(self.server.url).port or 0,
            process=self.server.process_id,
            requests=[message_of(request, token or self.token) for request in requests],
            repeat=status == httpx.codes.OK,
            status=status_line(status),
            connections=plan.connections,
            seconds=plan.seconds,
            warm=plan.warm,
        )
        return send(job)


def signed_in(server: Server) -> Alone:
    """Signs the administrator of a server in that was started on a database of its own."""
    return Alone(server, sign_in(server.url, ADMIN_EMAIL, server.admin_password))


def post(http: httpx.Client, path: str, body: dict[str, Any] | None = None) -> Any:
    """Posts a body and returns the answer; raises with its text where it is refused."""
    answer = http.post(path, json={} if body is None else body)
    if not answer.is_success:
        raise httpx.HTTPStatusError(answer.text[:2000], request=answer.request, response=answer)
    return answer.json()
