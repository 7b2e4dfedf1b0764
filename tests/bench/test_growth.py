"""A point of a chart is a server with so many records, copied ones as good as those that were made."""

from pathlib import Path

import httpx

from bench.growth.points import COSTS, PATH, App, served
from bench.requests import Request


def test_copied_records_are_read_listed_counted_and_found_as_made_ones_are(tmp_path: Path) -> None:
    app = App(objects=2, fields=8, rules=2, rows=1_250)
    with served(app, tmp_path / "point") as point, point.server.api() as api:
        reader = {"Authorization": f"Bearer {point.token}", "Content-Type": "application/json"}

        def answer(request: Request, status: int = httpx.codes.OK) -> dict[str, object]:
            found = api.request(request.method, request.target, content=request.body, headers=reader)
            assert found.status_code == status, found.text
            body: dict[str, object] = found.json()
            return body

        assert len(set(point.ids)) == 1_250
        assert all(answer(Request("GET", f"{PATH}/{each}"))["id"] == each for each in sorted(point.ids)[::200])
        assert answer(Request("GET", f"{PATH}?limit=1"))["total"] == 1_250
        found = answer(Request("GET", "/api/v1/search?q=thing%20249&limit=50"))["items"]
        assert isinstance(found, list)
        assert [each["title"] for each in found] == ["thing 249"] * 2
        for asked in COSTS.values():
            answer(asked.make(point)[0], asked.status)
