"""What options of fields do to records: over HTTP, on each kind of database."""

from typing import Any

import httpx
import pytest

from tests.every_type.values import BULLETS
from tests.surfaces.running import DATA, Person, decoded, error_of

pytestmark = pytest.mark.asyncio(loop_scope="session")

PICK = f"{DATA}/pick"


def faults(answer: httpx.Response) -> list[dict[str, Any]]:
    """Returns the field faults of a refused body."""
    found: list[dict[str, Any]] = error_of(answer, 400, "VALIDATION_ERROR")["details"]["fields"]
    return found


async def refused(person: Person, **values: Any) -> dict[str, str]:
    """Returns the codes of a refused record by field."""
    return {fault["field"]: fault["code"] for fault in faults(await person.ask("POST", PICK, values))}


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ("low", "invalid_type"),
        (["low", 1], "invalid_type"),
        (["low", "none"], "invalid_option"),
        (["low", "low"], "invalid_value"),
        (["low"], "min_items"),
        (["low", "high", "middle", "top"], "max_items"),
    ],
)
async def test_a_select_of_several_is_a_list_within_its_bounds(admin: Person, sent: Any, code: str) -> None:
    assert await refused(admin, levels=sent) == {"levels": code}


async def test_a_select_of_several_is_kept_found_and_preset_as_a_list(admin: Person) -> None:
    made = await admin.make("pick", levels=["high", "low"])
    assert (made["levels"], made["preset"]) == (["high", "low"], ["a", "b"])
    where = {"$and": [{"id": made["id"]}, {"levels": {"$contains": "low"}}]}
    assert decoded(await admin.ask("POST", f"{PICK}/query", {"where": where}))["total"] == 1


async def test_a_reference_points_to_what_may_be_chosen_alone(admin: Person) -> None:
    wheel = (await admin.make("part", title="wheel"))["id"]
    nut = (await admin.make("part", title="nut", above=wheel))["id"]
    bolt = (await admin.make("part", title="long bolt"))["id"]
    made = await admin.make("pick", part=wheel, others=[bolt])
    assert (made["part"], made["others"]) == (wheel, [bolt])
    unfit = faults(await admin.ask("POST", PICK, {"part": nut, "others": [bolt, wheel]}))
    absent = faults(await admin.ask("POST", PICK, {"part": "01JXQ3V5Z8M4T7N2K6W9R1B0CD", "others": [bolt, nut]}))
    assert unfit == absent
    assert {fault["field"]: fault["code"] for fault in unfit} == dict.fromkeys(
        ("part", "others"), "reference_not_found"
    )
    assert len(faults(await admin.ask("PATCH", f"{PICK}/{made['id']}", {"part": bolt}))) == 1
    await admin.ask("PATCH", f"{DATA}/part/{wheel}", {"title": "disc"})
    assert (await admin.ask("PATCH", f"{PICK}/{made['id']}", {"title": "still there"})).status_code == 200


async def test_a_fixed_currency_rules_the_digits(admin: Person) -> None:
    made = await admin.ask("POST", PICK, {"yen": 1200, "dinar": 1.5})
    assert '"yen":1200,"dinar":1.500' in made.text
    assert await refused(admin, yen=0.5, dinar=0.0005) == {"yen": "max_scale", "dinar": "max_scale"}


async def test_a_default_fills_what_is_left_out_and_what_is_null(admin: Person) -> None:
    for sent in ({}, {"opened_at": None, "page": None}):
        made = await admin.make("pick", **sent)
        assert (made["opened_at"], made["page"]) == (made["created_at"], "<p>empty</p>")


@pytest.mark.parametrize("page", ["", "<script>x()</script>"])
async def test_a_required_text_is_not_empty_even_when_cleaning_has_emptied_it(admin: Person, page: str) -> None:
    assert await refused(admin, page=page) == {"page": "required"}
    made = await admin.make("pick")
    assert [fault["code"] for fault in faults(await admin.ask("PATCH", f"{PICK}/{made['id']}", {"page": None}))] == [
        "required"
    ]


async def test_a_fault_repeats_what_was_sent_unless_it_is_long_has_parts_or_is_a_secret(admin: Person) -> None:
    body = {
        "email": "ann",
        "number": 0.1234567,
        "boolean": 0,
        "tags": ["a", "a"],
        "url": "x" * 300,
        "password": "short",
        "secret": "",
        "location": {"lat": 91, "lng": 2},
        "repeater": [{"amount": 1, "note": False}],
    }
    answer = await admin.ask("POST", f"{DATA}/sample", body)
    told = {fault["field"]: fault.get("value") for fault in faults(answer)}
    assert told == {
        "email": "ann",
        "number": 0.1234567,
        "boolean": 0,
        "location.lat": 91,
        "repeater[0].note": False,
        **dict.fromkeys(("tags", "url", "password", "secret")),
    }


async def test_the_mask_of_a_password_leaves_it_as_it_is(admin: Person) -> None:
    made = await admin.make("sample", password="correct horse", text="one")
    path = f"{DATA}/sample/{made['id']}"
    changed = decoded(await admin.ask("PATCH", path, {"password": BULLETS, "text": "two"}))
    assert (changed["text"], changed["version"], "password" in changed) == ("two", 2, False)
    assert decoded(await admin.ask("PATCH", path, {"password": BULLETS}))["version"] == 2
    assert decoded(await admin.ask("PATCH", path, {"password": "another horse"}))["version"] == 3


async def test_a_clash_names_the_key_and_tells_nothing_of_the_other_record(admin: Person) -> None:
    made = await admin.make("pick", code="taken", title="hush")
    answer = await admin.ask("POST", PICK, {"code": "taken"})
    assert error_of(answer, 409, "UNIQUE_VIOLATION")["details"]["fields"] == ["code"]
    assert made["id"] not in answer.text
    assert "hush" not in answer.text


async def test_an_upsert_finds_records_by_the_field_that_is_their_external_id(admin: Person) -> None:
    first = await admin.make("pick", code="A", number="1")
    records = [{"externalId": "1", "data": {"title": "found"}}, {"externalId": "2", "data": {"title": "made"}}]
    answer = decoded(await admin.ask("POST", f"{PICK}/batch", {"operation": "upsert", "records": records}))
    assert [row["id"] == first["id"] for row in answer["results"]] == [True, False]


async def test_a_field_may_stay_out_of_the_history_of_changes(admin: Person) -> None:
    made = await admin.make("pick", title="a", aside="x")
    await admin.ask("PATCH", f"{PICK}/{made['id']}", {"title": "b", "aside": "y"})
    versions = decoded(await admin.get(f"{PICK}/{made['id']}/history"))["items"]
    named = [{change["field"] for change in version["changes"]} for version in versions]
    assert [("title" in fields, "aside" in fields) for fields in named] == [(True, False), (True, False)]
    then = decoded(await admin.get(f"{PICK}/{made['id']}", params={"asOf": made["updated_at"]}))
    assert then["aside"] == "x"
