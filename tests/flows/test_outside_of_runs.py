"""Runs that ask the outside: with a key of their own, and of nobody whom the app does not allow."""

import msgspec
import pytest

from fieldstone.registry.catalog import Catalog
from tests.engine.office import Office
from tests.flows.factory import Factory, opened, outputs
from tests.flows.outside import LOOPBACK, answering, outside

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_run_asks_whom_the_app_allows_and_nobody_else(office: Office, catalog: Catalog, store_url: str) -> None:
    factory = Factory(office, catalog, store_url)
    ann = office.caller("ann", "everything")
    async with outside(answering(body=b'{"known": true}', content_type="application/json")) as place:
        factory.allowed = (f"{LOOPBACK}:{place.port}",)
        text = f"""
            inputs: {{host: {{type: text, required: true}}}}
            steps:
              - name: asked
                type: http
                method: POST
                url: http://{{!inputs.host}}:{place.port}/tickets
                body: {{who: '{{!user.id}}'}}
        """
        async with opened(factory, asking=text):
            run = await factory.start("asking", ann, host=LOOPBACK)
            assert outputs(run)["asked"]["body"] == {"known": True}
            refused = await factory.start("asking", ann, host="localhost")
    assert refused.error is not None
    assert (refused.status, refused.error["code"]) == ("failed", "OUTBOUND_REFUSED")
    (request,) = place.requests
    head, _, body = request.partition(b"\r\n\r\n")
    assert msgspec.json.decode(body) == {"who": ann.id}
    assert b"idempotency-key: " + run.id.encode().lower() in head.lower()
