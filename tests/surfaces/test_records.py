"""The data routes of the native surface: what goes in, what comes out, headers and bodies (contract 0, 1.2, 1.8, 3.1 to 3.4, 3.8)."""

import asyncio
import re
from typing import Any

import pytest

from tests.surfaces.running import DATA, PASSWORD, Person, World, error_of

pytestmark = pytest.mark.asyncio(loop_scope="session")
TICKETS = f"{DATA}/ticket"
NUMBERS = iter(range(1000, 9999))


async def _customer(mia: Person, **more: Any) -> dict[str, Any]:
    return await mia.make("customer", name=f"Customer {next(NUMBERS)}", **more)


async def _ticket(mia: Person, **more: Any) -> dict[str, Any]:
    customer = more.pop("customer", None) or (await _customer(mia))["id"]
    return await mia.make("ticket", subject=more.pop("subject", "A leak"), customer=customer, **more)


async def test_a_created_record_is_answered_bare_with_its_place_and_tag(mia: Person) -> None:
    customer = await _customer(mia)
    answer = await mia.ask("POST", TICKETS, {"subject": "A leak", "customer": customer["id"], "hours": 1.5})
    record = answer.json()
    assert answer.status_code == 201
    assert (record["subject"], record["status"], record["version"]) == ("A leak", "open", 1)
    assert answer.headers["location"] == f"{TICKETS}/{record['id']}"
    assert re.fullmatch(r'"1-[0-9a-f]{12}"', answer.headers["etag"])
    assert (await mia.get(answer.headers["location"])).json() == record
    held = {"If-None-Match": answer.headers["etag"]}
    assert (await mia.get(answer.headers["location"], headers=held)).status_code == 304


async def test_money_keeps_every_digit_on_its_way_in_and_out(mia: Person) -> None:
    sent = '{"name": "Rich", "credit_limit": 9007199254740993.10}'
    headers = {"Content-Type": "application/json"}
    made = await mia.ask("POST", f"{DATA}/customer", headers=headers, content=sent)
    assert b'"credit_limit":9007199254740993.10' in made.content
    fetched = await mia.get(f"{DATA}/customer/{made.json()['id']}")
    assert b'"credit_limit":9007199254740993.10' in fetched.content


async def test_a_list_has_items_total_limit_and_a_cursor_that_leads_through_all_pages(mia: Person) -> None:
    customer = (await _customer(mia))["id"]
    made = [(await _ticket(mia, customer=customer, subject=f"Number {index}"))["id"] for index in range(5)]
    seen, cursor = [], ""
    for _ in range(3):
        page = (await mia.get(f"{TICKETS}?customer={customer}&limit=2&orderBy=-subject{cursor}")).json()
        assert page.keys() == {"items", "total", "limit", "nextCursor"}
        assert (page["total"], page["limit"]) == (5, 2)
        seen += [item["id"] for item in page["items"]]
        cursor = f"&cursor={page['nextCursor']}"
    assert page["nextCursor"] is None
    assert seen == made[::-1]


async def test_total_is_left_out_when_it_is_not_wanted(mia: Person) -> None:
    page = (await mia.get(f"{TICKETS}?count=false&limit=1")).json()
    assert page.keys() == {"items", "limit", "nextCursor"}


async def test_every_alias_means_what_its_parameter_means(mia: Person) -> None:
    customer = (await _customer(mia))["id"]
    for index in range(3):
        await _ticket(mia, customer=customer, subject=f"Number {index}")
    plain = {
        "where": f'{{"customer": "{customer}"}}',
        "orderBy": "-subject",
        "limit": "1",
        "offset": "1",
        "select": "id",
    }
    expected = (await mia.get(TICKETS, params=plain)).json()
    assert expected["items"][0].keys() == {"id"}
    for alias, name in {
        "filter": "where",
        "filters": "where",
        "$filter": "where",
        "sort": "orderBy",
        "$orderby": "orderBy",
        "top": "limit",
        "$top": "limit",
        "skip": "offset",
        "$skip": "offset",
        "fields": "select",
        "$select": "select",
    }.items():
        renamed = {alias if key == name else key: value for key, value in plain.items()}
        assert (await mia.get(TICKETS, params=renamed)).json() == expected, alias


async def test_a_bare_field_is_an_equality_beside_the_where(mia: Person) -> None:
    customer = (await _customer(mia))["id"]
    await _ticket(mia, customer=customer, hours=2)
    kept = await _ticket(mia, customer=customer, hours=3)
    page = (await mia.get(TICKETS, params={"where": f'{{"customer":"{customer}"}}', "hours": "3"})).json()
    assert [item["id"] for item in page["items"]] == [kept["id"]]


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("colour=red", "INVALID_FIELD"),
        ("amount=[object Object]&subject=x", "INVALID_FIELD"),
        ("limit=1&limit=2", "INVALID_QUERY"),
        ("limit=1&top=2", "INVALID_QUERY"),
        ("limit=0", "INVALID_QUERY"),
        ("limit=x", "INVALID_QUERY"),
        ("where={", "INVALID_FILTER"),
        ("where=[1", "INVALID_FILTER"),
        ("where=%7B%22status%22%3A%7B%22$near%22%3A1%7D%7D", "INVALID_FILTER"),
        ("orderBy=colour", "INVALID_SORT"),
        ("cursor=zzz", "INVALID_CURSOR"),
        ("count=maybe", "INVALID_QUERY"),
        ("select=%ff", "INVALID_QUERY"),
    ],
)
async def test_a_query_that_cannot_be_answered_is_refused_with_its_reason(mia: Person, query: str, reason: str) -> None:
    error = error_of(await mia.get(f"{TICKETS}?{query}"), 400, "VALIDATION_ERROR")
    assert error["details"]["reason"] == reason


async def test_a_query_is_posted_too(mia: Person) -> None:
    customer = await _customer(mia)
    ticket = await _ticket(mia, customer=customer["id"], hours=4)
    body = {
        "object": "ticket",
        "where": {"customer": customer["id"], "hours": {"$gte": 3.99}},
        "fields": ["subject"],
        "expand": ["customer"],
    }
    page = (await mia.ask("POST", f"{TICKETS}/query", body)).json()
    assert page["total"] == 1
    assert page["items"][0]["customer"]["name"] == customer["name"]
    assert "version" not in page["items"][0]
    assert ticket["hours"] == 4


async def test_a_posted_query_without_a_body_lists_everything(mia: Person) -> None:
    await _ticket(mia)
    page = (await mia.ask("POST", f"{TICKETS}/query")).json()
    assert page["total"] == (await mia.get(TICKETS)).json()["total"] > 0


@pytest.mark.parametrize("body", [{"object": "customer"}, {"joins": []}, {"wher": {}}, {"limit": "5"}, []])
async def test_a_posted_query_that_is_none_is_refused(mia: Person, body: Any) -> None:
    error_of(await mia.ask("POST", f"{TICKETS}/query", body), 400, "VALIDATION_ERROR")


async def test_one_record_takes_select_and_expand_and_nothing_else(mia: Person) -> None:
    ticket = await _ticket(mia)
    answer = await mia.get(f"{TICKETS}/{ticket['id']}?select=subject,customer&expand=customer")
    assert answer.json().keys() >= {"subject", "customer"}
    assert answer.json()["customer"]["id"] == ticket["customer"]
    assert answer.headers["etag"].startswith('"1-')
    error = error_of(await mia.get(f"{TICKETS}/{ticket['id']}?expnad=customer"), 400, "VALIDATION_ERROR")
    assert error["details"]["hint"] == "Did you mean `expand`?"
    for other in ("where={}", "limit=1", "subject=x"):
        error_of(await mia.get(f"{TICKETS}/{ticket['id']}?{other}"), 400, "VALIDATION_ERROR")


async def test_what_the_client_holds_already_is_not_sent_again(mia: Person) -> None:
    path = f"{TICKETS}/{(await _ticket(mia))['id']}"
    tag = (await mia.get(path)).headers["etag"]
    for held in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        answer = await mia.get(path, headers={"If-None-Match": held})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag)
    assert (await mia.get(path, headers={"If-None-Match": '"1-000000000000"'})).status_code == 200
    assert (await mia.get(f"{path}?select=subject", headers={"If-None-Match": tag})).status_code == 200


@pytest.mark.parametrize(
    "form", ["{version}", '"{version}"', '"{version}-0a1b"', 'W/"{version}-0a1b"', "*", "the tag itself"]
)
async def test_every_form_of_if_match_lets_the_right_version_through(mia: Person, form: str) -> None:
    ticket = await _ticket(mia)
    path = f"{TICKETS}/{ticket['id']}"
    tag = (await mia.get(path)).headers["etag"]
    sent = tag if form == "the tag itself" else form.replace("{version}", "1")
    changed = await mia.ask("PATCH", path, {"subject": "Changed"}, headers={"If-Match": sent})
    assert (changed.status_code, changed.json()["version"], changed.headers["etag"][:3]) == (200, 2, '"2-')


@pytest.mark.parametrize("form", ["{version}", '"{version}"', '"{version}-0a1b"'])
async def test_every_form_of_if_match_stops_the_wrong_version(mia: Person, form: str) -> None:
    ticket = await _ticket(mia)
    path = f"{TICKETS}/{ticket['id']}"
    await mia.ask("PATCH", path, {"subject": "Changed"})
    stale = {"If-Match": form.replace("{version}", "1")}
    error = error_of(await mia.ask("PATCH", path, {"subject": "Lost"}, headers=stale), 409, "CONCURRENT_UPDATE")
    assert (error["details"]["currentVersion"], error["details"]["expectedVersion"]) == (2, 1)
    error_of(await mia.ask("DELETE", path, headers=stale), 409, "CONCURRENT_UPDATE")
    assert (await mia.get(path)).json()["subject"] == "Changed"


@pytest.mark.parametrize("sent", ["x", '"1-zz"', '"1", "2"', "-1", "", "1.0", "9" * 30])
async def test_an_if_match_without_a_version_is_refused(mia: Person, sent: str) -> None:
    path = f"{TICKETS}/{(await _ticket(mia))['id']}"
    error = error_of(
        await mia.ask("PATCH", path, {"subject": "x"}, headers={"If-Match": sent}), 400, "VALIDATION_ERROR"
    )
    assert error["details"]["path"] == "If-Match"


async def test_the_expected_version_is_taken_from_the_body_of_an_update_and_never_stored(mia: Person) -> None:
    path = f"{TICKETS}/{(await _ticket(mia))['id']}"
    assert (await mia.ask("PATCH", path, {"subject": "x", "expectedVersion": 1})).json()["version"] == 2
    error_of(await mia.ask("PATCH", path, {"subject": "y", "expectedVersion": 1}), 409, "CONCURRENT_UPDATE")
    for wrong in ("1", 1.5, True, -1):
        error = error_of(await mia.ask("PATCH", path, {"expectedVersion": wrong}), 400, "VALIDATION_ERROR")
        assert error["details"]["fields"][0]["field"] == "expectedVersion"
    both = await mia.ask("PATCH", path, {"subject": "z", "expectedVersion": 2}, headers={"If-Match": "3"})
    error_of(both, 400, "VALIDATION_ERROR")


async def test_a_change_of_nothing_changes_nothing(mia: Person) -> None:
    ticket = await _ticket(mia)
    for answer in (
        await mia.ask("PATCH", f"{TICKETS}/{ticket['id']}", {}),
        await mia.ask("PATCH", f"{TICKETS}/{ticket['id']}"),
    ):
        assert (answer.status_code, answer.json()["version"]) == (200, 1)


async def test_of_many_changes_with_one_version_one_wins(mia: Person) -> None:
    path = f"{TICKETS}/{(await _ticket(mia))['id']}"
    answers = await asyncio.gather(
        *(mia.ask("PATCH", path, {"subject": f"Change {index}"}, headers={"If-Match": '"1"'}) for index in range(20))
    )
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 19


async def test_a_deleted_record_is_named_and_gone(mia: Person) -> None:
    ticket = await _ticket(mia)
    path = f"{TICKETS}/{ticket['id']}"
    error_of(await mia.ask("DELETE", f"{path}?expectedVersion=7"), 409, "CONCURRENT_UPDATE")
    error_of(await mia.ask("DELETE", f"{path}?expectedVersion=one"), 400, "VALIDATION_ERROR")
    error_of(await mia.ask("DELETE", f"{path}?force=true"), 400, "VALIDATION_ERROR")
    answer = await mia.ask("DELETE", f"{path}?expectedVersion=1")
    assert (answer.status_code, answer.json()) == (200, {"object": "ticket", "id": ticket["id"], "success": True})
    error_of(await mia.get(path), 404, "NOT_FOUND")
    error_of(await mia.ask("DELETE", path), 404, "NOT_FOUND")


async def test_all_faults_of_a_body_come_at_once(mia: Person) -> None:
    sent = {"subject": "x" * 121, "status": "lost", "hours": -1, "colour": "red"}
    error = error_of(await mia.ask("POST", TICKETS, sent), 400, "VALIDATION_ERROR")
    assert {fault["field"] for fault in error["details"]["fields"]} == {
        "subject",
        "status",
        "hours",
        "colour",
        "customer",
    }


async def test_a_batch_is_answered_row_by_row(mia: Person) -> None:
    customer = (await _customer(mia))["id"]
    records = [
        {"data": {"subject": "One", "customer": customer}},
        {"data": {"customer": customer}},
        {"data": {"subject": "Three", "customer": customer}},
    ]
    body = {"operation": "create", "records": records, "options": {"returnRecords": True}}
    answer = (await mia.ask("POST", f"{TICKETS}/batch", body)).json()
    assert {key: answer[key] for key in ("success", "operation", "total", "succeeded", "failed")} == {
        "success": False,
        "operation": "create",
        "total": 3,
        "succeeded": 2,
        "failed": 1,
    }
    first, second, third = answer["results"]
    assert (first["index"], first["success"], first["data"]["subject"]) == (0, True, "One")
    assert (second["success"], second["errors"][0]["code"]) == (False, "VALIDATION_ERROR")
    assert second["errors"][0]["details"]["fields"][0]["field"] == "subject"
    assert "data" not in second
    assert third["id"] == third["data"]["id"]
    assert (await mia.get(f"{TICKETS}?customer={customer}")).json()["total"] == 2


async def test_an_atomic_batch_writes_all_or_nothing(mia: Person) -> None:
    customer = (await _customer(mia))["id"]
    records = [{"data": {"subject": "One", "customer": customer}}, {"data": {"customer": customer}}]
    body = {"operation": "create", "records": records, "options": {"atomic": True}}
    answer = (await mia.ask("POST", f"{TICKETS}/batch", body)).json()
    assert (answer["success"], answer["succeeded"]) == (False, 0)
    assert (await mia.get(f"{TICKETS}?customer={customer}")).json()["total"] == 0


async def test_a_batch_changes_and_deletes(mia: Person) -> None:
    ticket = (await _ticket(mia))["id"]
    change = {"operation": "update", "records": [{"id": ticket, "data": {"subject": "Changed"}}]}
    assert (await mia.ask("POST", f"{TICKETS}/batch", change)).json()["success"] is True
    assert (await mia.get(f"{TICKETS}/{ticket}")).json()["subject"] == "Changed"
    gone = {"operation": "delete", "records": [{"id": ticket}]}
    assert (await mia.ask("POST", f"{TICKETS}/batch", gone)).json()["success"] is True
    error_of(await mia.get(f"{TICKETS}/{ticket}"), 404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"records": []}, "operation"),
        ({"operation": "replace", "records": []}, "operation"),
        ({"operation": "create", "records": {}}, "records"),
        ({"operation": "create", "records": [1]}, "records"),
        ({"operation": "create", "records": [], "options": {"continue": True}}, "options"),
        ({"operation": "create", "records": [], "atomic": True}, "atomic"),
    ],
)
async def test_a_batch_that_is_none_is_refused_with_the_member_that_is_wrong(
    mia: Person, body: Any, field: str
) -> None:
    error = error_of(await mia.ask("POST", f"{TICKETS}/batch", body), 400, "VALIDATION_ERROR")
    assert field in {fault["field"] for fault in error["details"]["fields"]}


async def test_who_may_not_read_what_he_wrote_is_told_its_id_alone(world: World, mia: Person, admin: Person) -> None:
    user = await admin.make("sys_user", email="pen@world.example", name="Pen", password=PASSWORD)
    await admin.make("sys_user_permission_set", user_id=user["id"], permission_set="receptionist")
    pen = await world.person("pen@world.example")
    customer = (await _customer(mia))["id"]
    seen = await pen.ask("POST", f"{DATA}/contact", {"name": "Ada", "customer": customer})
    unseen = await pen.ask("POST", f"{DATA}/contact", {"name": "Bob", "customer": customer})
    assert (seen.status_code, seen.json()["name"]) == (201, "Ada")
    assert (unseen.status_code, unseen.json().keys()) == (201, {"id"})
    assert unseen.headers["location"].endswith(unseen.json()["id"])
    assert "etag" not in unseen.headers
    error_of(await pen.get(unseen.headers["location"]), 404, "NOT_FOUND")


async def test_an_agent_sees_his_own_tickets_alone_and_no_hidden_field(mia: Person, ann: Person) -> None:
    others, customer = await _ticket(mia), (await _customer(mia, credit_limit=5))["id"]
    own = await ann.make("ticket", subject="Mine", customer=customer)
    error_of(await ann.get(f"{TICKETS}/{others['id']}"), 404, "NOT_FOUND")
    assert (await ann.get(f"{TICKETS}/{own['id']}")).json()["subject"] == "Mine"
    assert "internal_rating" not in own
    expanded = (await ann.get(f"{TICKETS}/{own['id']}?expand=customer")).json()["customer"]
    assert expanded["id"] == customer
    assert "credit_limit" not in expanded


async def test_a_hidden_field_is_refused_as_one_that_does_not_exist(mia: Person, ann: Person) -> None:
    hidden = error_of(await ann.get(f"{DATA}/customer?credit_limit=1"), 400, "VALIDATION_ERROR")
    unknown = error_of(await ann.get(f"{DATA}/customer?kredit_limit=1"), 400, "VALIDATION_ERROR")
    assert hidden["message"] == unknown["message"].replace("kredit_limit", "credit_limit")
    assert (await mia.get(f"{DATA}/customer?credit_limit=1")).status_code == 200
