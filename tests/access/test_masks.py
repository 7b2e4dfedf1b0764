"""A masked field is shown in part by every road that shows it, and is no field by every road that would ask for it.

Tom reads and may not change; Sue changes records, and not these fields; Kim changes them, and is the control of every road.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from fieldstone.proof.mount import Mount
from fieldstone.proof.stage import Stage, open_stage
from fieldstone.proof.wire import Answer
from tests.access.world import write_world

PHONE, PHONE_MASK = "+4930123456", "+49****56"
IBAN, IBAN_MASK = "DE02120300000000202051", "****2051"
MAIL, MAIL_MASK = "longname@bank.example", "l****@bank.example"

BANK = f"""
says: A small bank.
objects:
  customer:
    ownership: none
    enable: {{trackHistory: true}}
    fields:
      title: {{type: text, maxLength: 80, searchable: true}}
      phone: {{type: phone, maskingRule: phone, searchable: true}}
      iban: {{type: text, maxLength: 40, maskingRule: {{keepTail: 4}}, unique: true}}
      mail: {{type: email, maskingRule: email}}
  account:
    ownership: none
    fields:
      title: {{type: text, maxLength: 80}}
      customer: {{type: lookup, reference: customer, displayField: phone}}
sets:
  reader: {{objects: {{customer: {{allowRead: true, allowCreate: true}}, account: {{allowRead: true}}}}}}
  editor:
    objects:
      customer: {{allowRead: true, allowCreate: true, allowEdit: true, viewAllRecords: true, modifyAllRecords: true}}
      account: {{allowRead: true}}
    fields:
      customer.phone: {{readable: true, editable: false}}
      customer.iban: {{readable: true, editable: false}}
      customer.mail: {{readable: true, editable: false}}
  banker:
    objects:
      customer: {{allowRead: true, allowCreate: true, allowEdit: true, viewAllRecords: true, modifyAllRecords: true}}
      account: {{allowRead: true}}
users: {{tom: [reader], sue: [editor], kim: [banker], ann: [reader, banker]}}
rows:
  c: {{object: customer, title: a customer, phone: "{PHONE}", iban: {IBAN}, mail: {MAIL}}}
  a: {{object: account, title: an account, customer: c}}
"""

Tell = Callable[..., Awaitable[Answer]]


def asked(
    tmp_path: Path, database_url: str, ask: Callable[[Stage, Tell], Awaitable[None]], *, kept: bool = False
) -> None:
    """Opens the bank and lets somebody ask in it: `tell(who, method, path, body)` answers on the native surface.

    What is written is undone after each request, unless it is `kept`.
    """

    async def run() -> None:
        folder = write_world(BANK, tmp_path / "bank", "bank")
        async with open_stage(folder, "bank", database_url) as stage, nullcontext() if kept else stage.rehearsing():
            mount: Mount = stage.mounts[0]

            async def tell(
                who: str, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
            ) -> Answer:
                signed = {**mount.headers(stage.people[who]), **(headers or {})}
                query = {}
                if "?" in path:
                    path, _, text = path.partition("?")
                    query = dict(part.split("=", 1) for part in text.split("&"))
                answer = await stage.send(method, f"/api/v1{path}", headers=signed, body=body, query=query)
                if not kept:
                    stage.effect()
                return answer

            await ask(stage, tell)

    asyncio.run(run())


def reading(customer: str, account: str) -> list[tuple[str, str, Any]]:
    """Returns the requests that show the customer to whoever reads him."""
    later = "asOf=2999-01-01T00:00:00Z"
    return [
        ("GET", "/data/customer", None),
        ("GET", "/data/customer?select=phone,mail,iban", None),
        ("GET", f"/data/customer?{later}", None),
        ("GET", f"/data/customer/{customer}", None),
        ("GET", f"/data/customer/{customer}?select=iban,mail,phone", None),
        ("GET", f"/data/customer/{customer}?{later}", None),
        ("GET", f"/data/customer/{customer}/history", None),
        ("POST", "/data/customer/query", {}),
        ("POST", "/data/customer/query", {"fields": ["phone", "iban", "mail"], "orderBy": "-title"}),
        ("POST", "/data/customer/query", {"search": "customer"}),
        ("GET", "/data/account?expand=customer", None),
        ("GET", f"/data/account/{account}?expand=customer", None),
        ("POST", "/data/account/query", {"expand": {"customer": {"fields": ["phone", "iban", "mail"]}}}),
    ]


def changing(customer: str) -> list[tuple[str, str, Any, Mapping[str, str]]]:
    """Returns the requests that show the customer to whoever changes him."""
    records = [{"id": customer, "data": {}}, {"id": customer, "data": {}, "expectedVersion": 999}]
    batch = {"operation": "update", "records": records, "options": {"returnRecords": True, "atomic": False}}
    return [
        ("PATCH", f"/data/customer/{customer}", {}, {}),
        ("PATCH", f"/data/customer/{customer}", {"title": "changed"}, {}),
        ("PATCH", f"/data/customer/{customer}", {}, {"If-Match": "999"}),
        ("POST", "/data/customer/batch", batch, {}),
    ]


def naming(field: str) -> list[tuple[str, str, Any]]:
    """Returns the requests that ask something of a field of customers."""
    measure = [{"function": "max", "field": field, "alias": "most"}]
    return [
        *(
            ("POST", "/data/customer/query", {"where": where})
            for where in (
                {field: PHONE},
                {field: {"$null": False}},
                {field: {"$startsWith": "+"}},
                {"title": {"$eq": {"$field": field}}},
                {"$not": {field: {"$in": [PHONE]}}},
            )
        ),
        ("POST", "/data/customer/query", {"orderBy": field}),
        ("POST", "/data/customer/query", {"groupBy": [field]}),
        ("POST", "/data/customer/query", {"aggregations": measure}),
        ("POST", "/data/customer/query", {"fields": [field], "distinct": True}),
        ("POST", "/data/customer/query", {"search": "+4930123456", "searchFields": [field]}),
        ("GET", f"/data/customer?{field}={PHONE}", None),
        ("GET", f"/data/customer?orderBy=-{field}", None),
        ("POST", "/data/account/query", {"where": {f"customer.{field}": PHONE}}),
        ("POST", "/data/account/query", {"orderBy": f"customer.{field}"}),
        ("POST", "/data/account/query", {"groupBy": [f"customer.{field}"]}),
        ("POST", "/data/account/query", {"expand": {"customer": {"where": {field: PHONE}}}}),
    ]


def shows_masks_alone(answer: Answer) -> bool:
    """Tells whether an answer shows every mask and nothing of what is behind them."""
    text = answer.body.decode()
    return not any(clear in text for clear in (PHONE, IBAN, MAIL)) and all(
        mask in text for mask in (PHONE_MASK, IBAN_MASK, MAIL_MASK)
    )


def shows_all(answer: Answer) -> bool:
    """Tells whether an answer shows the values themselves."""
    text = answer.body.decode()
    return all(clear in text for clear in (PHONE, IBAN, MAIL)) and "****" not in text


def test_whoever_may_not_change_the_fields_is_shown_a_part_of_them_by_every_road(
    tmp_path: Path, database_url: str
) -> None:
    async def ask(stage: Stage, tell: Tell) -> None:
        customer, account = stage.ids["c"][1], stage.ids["a"][1]
        for method, path, body in reading(customer, account):
            for who in ("tom", "sue"):
                answer = await tell(who, method, path, body)
                assert shows_masks_alone(answer), (who, path, body, answer)
            for who in ("kim", "ann"):
                answer = await tell(who, method, path, body)
                assert shows_all(answer), (who, path, body, answer)
        for method, path, body, headers in changing(customer):
            answer = await tell("sue", method, path, body, headers)
            assert shows_masks_alone(answer), (path, body, answer)
            assert shows_all(await tell("kim", method, path, body, headers))

    asked(tmp_path, database_url, ask)


def test_a_masked_field_is_no_field_where_it_would_be_asked_for(tmp_path: Path, database_url: str) -> None:
    async def ask(_stage: Stage, tell: Tell) -> None:
        for (method, path, body), (_, other_path, other_body) in zip(naming("phone"), naming("qhone"), strict=True):
            masked = await tell("tom", method, path, body)
            unknown = await tell("tom", method, other_path, other_body)
            assert masked.status == 400, (path, body, masked)
            assert masked.without("phone") == unknown.without("qhone"), (path, body)
            whole = await tell("kim", method, path, body)
            assert whole.without("phone") != unknown.without("qhone"), (path, body)

    asked(tmp_path, database_url, ask)


def test_no_search_finds_a_word_of_a_masked_field(tmp_path: Path, database_url: str) -> None:
    async def ask(_stage: Stage, tell: Tell) -> None:
        found = await tell("kim", "POST", "/data/customer/query", {"search": "4930123456"})
        assert found.json["total"] == 1
        blind = await tell("tom", "POST", "/data/customer/query", {"search": "4930123456"})
        assert blind.json["total"] == 0

    asked(tmp_path, database_url, ask)


def test_a_masked_field_is_neither_cloned_nor_restored_nor_written(tmp_path: Path, database_url: str) -> None:
    async def ask(stage: Stage, tell: Tell) -> None:
        path = f"/data/customer/{stage.ids['c'][1]}"
        clone = await tell("tom", "POST", f"{path}/clone")
        assert (clone.status, clone.json["title"], clone.json["phone"]) == (201, "a customer", None)
        forbidden = await tell("sue", "PATCH", path, {"phone": PHONE_MASK})
        assert (forbidden.status, forbidden.json["error"]["details"]["forbiddenFields"]) == (403, ["phone"])
        await tell("kim", "PATCH", path, {"phone": "+4930999999", "title": "another"})
        restored = await tell("sue", "POST", f"{path}/restore", {"version": 1})
        assert (restored.status, restored.json["title"]) == (200, "a customer")
        assert (await tell("kim", "GET", path)).json["phone"] == "+4930999999"

    asked(tmp_path, database_url, ask, kept=True)


def test_an_answer_that_is_kept_is_masked_when_it_is_given_again(tmp_path: Path, database_url: str) -> None:
    async def ask(stage: Stage, tell: Tell) -> None:
        records = [{"id": stage.ids["c"][1], "data": {}}]
        body = {"operation": "update", "records": records, "options": {"returnRecords": True}}
        for who, shown in (("sue", shows_masks_alone), ("kim", shows_all)):
            key = {"Idempotency-Key": f"once-{who}"}
            first, again = [await tell(who, "POST", "/data/customer/batch", body, key) for _ in range(2)]
            assert shown(first)
            assert again.body == first.body

    asked(tmp_path, database_url, ask, kept=True)


def test_the_documents_tell_of_a_mask_and_name_the_field_to_those_who_may_ask_for_it(
    tmp_path: Path, database_url: str
) -> None:
    async def ask(_stage: Stage, tell: Tell) -> None:
        for who, shown in (("tom", True), ("kim", False)):
            schemas = (await tell(who, "GET", "/openapi.json")).json["components"]["schemas"]
            assert ("Shown in part" in str(schemas["customer.read"]["properties"]["phone"])) is shown

    asked(tmp_path, database_url, ask)
