"""Lists of references and trees: what they take, what becomes of them when a record goes, and that no record stands above itself."""

import asyncio
from typing import Any

import pytest

from tests.surfaces.running import ADMIN, DATA, Person, decoded, error_of

pytestmark = pytest.mark.asyncio(loop_scope="session")

NOBODY = "01JXQ3V5Z8M4T7N2K6W9R1B0CD"


async def parts(admin: Person, count: int) -> list[str]:
    return [(await admin.make("part", title=f"part {number}"))["id"] for number in range(count)]


async def read(admin: Person, object_name: str, record_id: str) -> dict[str, Any]:
    shown: dict[str, Any] = decoded(await admin.get(f"{DATA}/{object_name}/{record_id}"))
    return shown


async def test_a_list_holds_its_records_in_their_order_and_is_found_by_its_members(admin: Person) -> None:
    first, second, third = await parts(admin, 3)
    made = await admin.make("assembly", parts=[second, first], needed=[third])
    assert (made["parts"], made["needed"], made["kept"]) == ([second, first], [third], None)
    query = {"where": {"parts": {"$in": [first]}}}
    found = decoded(await admin.ask("POST", f"{DATA}/assembly/query", query))
    assert [item["id"] for item in found["items"]] == [made["id"]]


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"parts": [NOBODY]}, "reference_not_found"),
        ({"parts": NOBODY}, "invalid_type"),
        ({"parts": [1]}, "invalid_type"),
        ({"parts": [""]}, "invalid_value"),
        ({"parts": [NOBODY, NOBODY]}, "invalid_value"),
        ({"parts": ["a", "b", "c", "d"]}, "max_items"),
        ({"needed": []}, "required"),
        ({"needed": None}, "required"),
        ({"made_by": "me"}, "invalid_value"),
    ],
)
async def test_every_member_of_a_list_is_checked(admin: Person, values: dict[str, Any], code: str) -> None:
    (part,) = await parts(admin, 1)
    answer = await admin.ask("POST", f"{DATA}/assembly", {"needed": [part]} | values)
    (fault,) = error_of(answer, 400, "VALIDATION_ERROR")["details"]["fields"]
    assert (fault["field"], fault["code"]) == (next(iter(values)), code)


async def test_a_record_that_goes_leaves_the_lists_and_an_emptied_one_stays_empty(admin: Person) -> None:
    first, second, third = await parts(admin, 3)
    made = await admin.make("assembly", parts=[first, second], needed=[third])
    for gone, left in ((first, [second]), (second, [])):
        assert (await admin.ask("DELETE", f"{DATA}/part/{gone}")).status_code == 200
        assert (await read(admin, "assembly", made["id"]))["parts"] == left
    assert (await read(admin, "assembly", made["id"]))["version"] == 3


async def test_a_required_list_loses_all_but_its_last_member(admin: Person) -> None:
    first, second = await parts(admin, 2)
    made = await admin.make("assembly", needed=[first, second])
    assert (await admin.ask("DELETE", f"{DATA}/part/{first}")).status_code == 200
    refused = error_of(await admin.ask("DELETE", f"{DATA}/part/{second}"), 409, "DELETE_RESTRICTED")
    assert refused["details"] == {"dependentObject": "assembly", "dependentCount": 1}
    assert (await read(admin, "assembly", made["id"]))["needed"] == [second]


async def test_a_list_may_keep_its_members_or_go_with_them(admin: Person) -> None:
    needed, kept, tied = await parts(admin, 3)
    made = await admin.make("assembly", needed=[needed], kept=[kept], tied=[tied])
    error_of(await admin.ask("DELETE", f"{DATA}/part/{kept}"), 409, "DELETE_RESTRICTED")
    assert (await admin.ask("DELETE", f"{DATA}/part/{tied}")).status_code == 200
    error_of(await admin.get(f"{DATA}/assembly/{made['id']}"), 404, "NOT_FOUND")


async def test_defaults_are_literals_tokens_and_expressions(admin: Person) -> None:
    (part,) = await parts(admin, 1)
    made = await admin.make("assembly", needed=[part])
    assert made["people"] == [made["created_by"]]
    assert made["made_by"] == ADMIN
    assert made["made_on"] == made["created_at"][:10]


async def test_a_record_never_stands_above_itself(admin: Person) -> None:
    top, middle, bottom = await parts(admin, 3)
    for below, above in ((middle, top), (bottom, middle)):
        answer = await admin.ask("PATCH", f"{DATA}/part/{below}", {"above": above})
        assert answer.status_code == 200
    for above in (top, middle, bottom):
        answer = await admin.ask("PATCH", f"{DATA}/part/{top}", {"above": above})
        (fault,) = error_of(answer, 400, "VALIDATION_ERROR")["details"]["fields"]
        assert (fault["field"], fault["code"]) == ("above", "invalid_value")
    assert (await admin.ask("PATCH", f"{DATA}/part/{bottom}", {"above": top})).status_code == 200


async def test_two_moves_at_once_do_not_make_a_circle_together(admin: Person) -> None:
    for _ in range(4):
        one, other = await parts(admin, 2)
        moves = ((one, other), (other, one))
        answers = await asyncio.gather(
            *(admin.ask("PATCH", f"{DATA}/part/{below}", {"above": above}) for below, above in moves)
        )
        assert sorted(answer.status_code for answer in answers) == [200, 400]


async def find(admin: Person, **query: Any) -> list[dict[str, Any]]:
    answer = await admin.ask("POST", f"{DATA}/assembly/query", query)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = decoded(answer)["items"]
    return items


async def test_a_list_is_expanded_in_its_order_without_what_is_not_there(admin: Person) -> None:
    first, second, third = await parts(admin, 3)
    await admin.ask("PATCH", f"{DATA}/part/{first}", {"above": third})
    made = await admin.make("assembly", needed=[second, first, third], parts=[])
    where = {"id": made["id"]}
    expand = {"needed": {"fields": ["title"], "where": {"id": {"$ne": third}}, "expand": {"above": {}}}, "parts": {}}
    [found] = await find(admin, where=where, expand=expand)
    titles = [(each["title"], each["above"] and each["above"]["id"]) for each in found["needed"]]
    assert titles == [("part 1", None), ("part 0", third)]
    assert (found["parts"], found["kept"]) == ([], None)
    shown = decoded(await admin.get(f"{DATA}/assembly/{made['id']}?expand=needed"))
    assert [each["id"] for each in shown["needed"]] == [second, first, third]


async def test_a_path_along_a_list_asks_for_some_record_of_it(admin: Person) -> None:
    kind = await admin.make("part", title="steel")
    first, second = [await admin.make("part", title=title, above=kind["id"]) for title in ("bolt", "nut")]
    third = await admin.make("part", title="zip")
    made = [
        (await admin.make("assembly", title=title, needed=[third["id"]], parts=[each["id"] for each in held]))["id"]
        for title, held in (("both", (first, second)), ("one", (first,)), ("other", (third,)), ("none", ()))
    ]

    async def titles(**condition: Any) -> list[str]:
        found = await find(admin, where={"id": {"$in": made}, **condition}, orderBy="title")
        return [each["title"] for each in found]

    assert await titles(**{"parts.title": "bolt"}) == ["both", "one"]
    assert await titles(**{"parts.title": {"$ne": "bolt"}}) == ["none", "other"]
    assert await titles(**{"parts.title": {"$in": ["nut", "zip"]}}) == ["both", "other"]
    assert await titles(**{"parts.title": {"$between": ["c", "y"]}}) == ["both"]
    assert await titles(**{"parts.title": {"$null": True}}) == ["none"]
    assert await titles(**{"parts.above.title": "steel"}) == ["both", "one"]
    assert await titles(**{"$not": {"parts.above.title": "steel"}}) == ["none", "other"]
    for query in (
        {"orderBy": "parts.title"},
        {"groupBy": ["parts.title"]},
        {"where": {"title": {"$eq": {"$field": "parts.title"}}}},
        {"where": {"parts.title": {"$eq": {"$field": "title"}}}},
        {"where": {"parts.title": {"$between": ["a", {"$field": "title"}]}}},
    ):
        error = error_of(await admin.ask("POST", f"{DATA}/assembly/query", query), 400, "VALIDATION_ERROR")
        assert error["message"] == (
            "`parts.title` leads along a list of references to several records, and has no one value."
        )
