"""Groups over HTTP: one envelope with lists, exact figures, refusals with their paths, and ids with their prefixes."""

from collections import defaultdict
from typing import Any

import msgspec
import pytest

from fieldstone.query.document import QueryDocument
from fieldstone.surfaces.rest.records import RecordCodec
from tests.surfaces.running import DATA, Person, World, error_of

pytestmark = pytest.mark.asyncio(loop_scope="session")
QUERY = f"{DATA}/ticket/query"
NUMBERS = iter(range(1000))


async def customer_with_tickets(mia: Person, *tickets: dict[str, Any]) -> dict[str, Any]:
    """Returns a new customer with tickets."""
    customer = await mia.make("customer", name=f"Grouped {next(NUMBERS)}")
    for ticket in tickets:
        await mia.make("ticket", **({"subject": "A leak", "customer": customer["id"]} | ticket))
    return customer


async def test_groups_come_in_the_envelope_of_a_list(mia: Person) -> None:
    customer = await customer_with_tickets(
        mia, {"status": "open", "hours": 1.5}, {"status": "closed", "hours": 0.25}, {"status": "closed", "hours": 0}
    )
    body = {
        "object": "ticket",
        "where": {"customer": customer["id"]},
        "groupBy": ["status", "customer.name"],
        "aggregations": [
            {"function": "count", "alias": "n"},
            {"function": "sum", "field": "hours", "alias": "spent"},
            {"function": "avg", "field": "hours", "alias": "mean", "filter": {"hours": {"$gt": 1}}},
        ],
        "having": {"n": {"$gte": 1}},
        "orderBy": "-n",
        "limit": 1,
    }
    answer = await mia.ask("POST", QUERY, body)
    assert answer.status_code == 200, answer.text
    assert answer.json() == {
        "items": [{"status": "closed", "customer.name": customer["name"], "n": 2, "spent": 0.25, "mean": None}],
        "limit": 1,
        "nextCursor": None,
        "total": 2,
    }
    answer = await mia.ask("POST", QUERY, body | {"offset": 1, "count": False})
    assert answer.json() == {
        "items": [{"status": "open", "customer.name": customer["name"], "n": 1, "spent": 1.5, "mean": 1.5}],
        "limit": 1,
        "nextCursor": None,
    }


async def test_sums_of_money_keep_every_digit(mia: Person) -> None:
    name = f"Rich {next(NUMBERS)}"
    for amount in ("9999999999999999.99", "9999999999999999.98", "0.10"):
        sent = f'{{"name": "{name} {amount}", "credit_limit": {amount}}}'
        made = await mia.ask(
            "POST", f"{DATA}/customer", headers={"Content-Type": "application/json"}, content=sent.encode()
        )
        assert made.status_code == 201, made.text
    measures = [
        {"function": function, "field": "credit_limit", "alias": function} for function in ("sum", "avg", "max")
    ]
    body = {"where": {"name": {"$startsWith": f"{name} "}}, "aggregations": measures}
    answer = await mia.ask("POST", f"{DATA}/customer/query", body)
    assert b'{"sum":20000000000000000.07,"avg":6666666666666666.69,"max":9999999999999999.99}' in answer.content
    answer = await mia.ask("POST", f"{DATA}/customer/query", body | {"where": {"name": "nobody at all"}})
    assert b'{"sum":0.00,"avg":null,"max":null}' in answer.content


async def test_an_agent_is_shown_groups_of_his_own_tickets(mia: Person, ann: Person) -> None:
    customer = await customer_with_tickets(mia, {}, {})
    body = {"where": {"customer": customer["id"]}, "aggregations": [{"function": "count", "alias": "n"}]}
    assert (await mia.ask("POST", QUERY, body)).json()["items"] == [{"n": 2}]
    assert (await ann.ask("POST", QUERY, body)).json()["items"] == [{"n": 0}]
    for field in ("internal_rating", "external_ratio"):
        answer = await ann.ask("POST", QUERY, {"groupBy": [field]})
        error = error_of(answer, 400, "VALIDATION_ERROR")
        assert (error["message"], error["details"]["path"]) == (f"No field `{field}` on `ticket`.", "groupBy.0")


async def test_groups_are_asked_for_by_post_and_joins_by_nobody(mia: Person) -> None:
    answer = await mia.get(f"{DATA}/ticket?groupBy=status")
    error = error_of(answer, 400, "VALIDATION_ERROR")
    assert error["details"]["hint"] == "Send it in the body of a POST to `.../query`."
    answer = await mia.ask("POST", QUERY, {"joins": [{"type": "inner", "object": "customer"}]})
    assert error_of(answer, 400, "VALIDATION_ERROR")["details"]["path"] == "joins"


async def test_ids_in_groups_have_their_prefixes_on_the_way_out_and_none_on_the_way_in(world: World) -> None:
    prefixes = defaultdict(str, ticket="tic_", customer="cus_")
    codec = RecordCodec(world.runtime.catalog.objects["ticket"], prefixes, {})
    columns, targets = ("who", "all", "n"), {"who": "customer", "all": "ticket"}
    rows = codec.groups(columns, [("1", ["2", "3"], 4), (None, None, 0)], targets)
    assert [decoded_row(row) for row in rows] == [
        {"who": "cus_1", "all": ["tic_2", "tic_3"], "n": 4},
        {"who": None, "all": None, "n": 0},
    ]
    bare = codec.bare_query(
        QueryDocument(
            group_by=[{"field": "customer", "alias": "who"}, "status"],
            aggregations=[
                {"function": "min", "field": "id", "alias": "first", "filter": {"customer": "cus_5"}},
                {"function": "count", "alias": "n"},
            ],
            having={"$or": [{"who": {"$in": ["cus_1"]}}, {"first": "tic_2"}, {"n": 1}, {"status": "open"}]},
        ),
        lambda name: frozenset(world.runtime.catalog.objects[name].fields),
    )
    assert bare.aggregations[0]["filter"] == {"customer": "5"}
    assert bare.having == {"$or": [{"who": {"$in": ["1"]}}, {"first": "2"}, {"n": 1}, {"status": "open"}]}


def decoded_row(row: Any) -> Any:
    """Returns an encoded group."""
    return msgspec.json.decode(msgspec.json.encode(row))
