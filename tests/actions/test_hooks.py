"""Declared hooks over HTTP: when and in which order they run, what they may change, and how they refuse."""

from typing import Any

import pytest

from tests.surfaces.running import DATA, Person, decoded, error_of

pytestmark = pytest.mark.asyncio(loop_scope="session")
PARCEL = f"{DATA}/parcel"


async def changed(person: Person, record: dict[str, Any], **values: Any) -> dict[str, Any]:
    answer = await person.ask("PATCH", f"{PARCEL}/{record['id']}", values)
    assert answer.status_code == 200, answer.text
    return decoded(answer)


async def count(person: Person, object_name: str, **where: Any) -> int:
    return decoded(await person.ask("POST", f"{DATA}/{object_name}/query", {"where": where}))["total"]


async def test_hooks_run_by_priority_within_the_write_and_see_what_those_before_them_did(wim: Person) -> None:
    parcel = await wim.make("parcel", label="box")
    assert parcel["trail"] == "***"
    assert (await changed(wim, parcel, weight=2))["trail"] == "***++"


async def test_steps_set_fields_of_the_record_where_their_condition_holds(wim: Person) -> None:
    light = await wim.make("parcel", label="box", weight=20)
    assert light["size"] is None
    assert (await wim.make("parcel", label="box", weight=20.5))["size"] == "large, 20.5 kg"
    assert (await changed(wim, light, weight=21))["size"] == "large, 21.0 kg"


async def test_a_hook_refuses_and_nothing_is_left(wim: Person) -> None:
    before = await count(wim, "parcel")
    error = error_of(await wim.ask("POST", PARCEL, {"label": "bricks"}), 409, "CONFLICT")
    assert error["message"] == "No parcel of this sort."
    assert await count(wim, "parcel") == before
    parcel = await wim.make("parcel", label="box")
    error_of(await wim.ask("PATCH", f"{PARCEL}/{parcel['id']}", {"label": "bricks"}), 409, "CONFLICT")
    assert decoded(await wim.get(f"{PARCEL}/{parcel['id']}"))["version"] == 1


async def test_a_hook_that_takes_too_long_is_broken_off_and_the_write_refused(wim: Person) -> None:
    before = await count(wim, "parcel")
    error = error_of(await wim.ask("POST", PARCEL, {"label": "slow"}), 504, "TIMEOUT")
    assert error["details"]["hook"] == "dawdle"
    assert await count(wim, "parcel") == before


async def test_what_a_hook_sets_is_checked_as_if_it_had_been_sent(wim: Person) -> None:
    parcel = await wim.make("parcel", label="box")
    for label, field, code in (("long", "label", "max_length"), ("odd", "weight", "invalid_type")):
        error = error_of(await wim.ask("PATCH", f"{PARCEL}/{parcel['id']}", {"label": label}), 400, "VALIDATION_ERROR")
        [fault] = error["details"]["fields"]
        assert (fault["field"], fault["code"]) == (field, code)
        assert fault["message"].endswith("(hook `babble`)")
    error_of(await wim.ask("PATCH", f"{PARCEL}/{parcel['id']}", {"label": "none"}), 500, "INTERNAL")


async def test_a_condition_without_an_answer_refuses_the_write(wim: Person) -> None:
    parcel = await wim.make("parcel", label="box", weight=1)
    await changed(wim, parcel, label="crate")
    error = error_of(await wim.ask("PATCH", f"{PARCEL}/{parcel['id']}", {"weight": None}), 400, "VALIDATION_ERROR")
    assert error["details"]["hook"] == "unclear"


async def test_steps_behind_a_write_belong_to_it_and_act_as_its_writer(wim: Person, ned: Person) -> None:
    parcel = await wim.make("parcel", label="logged", weight=1)
    await changed(wim, parcel, weight=2)
    texts = [await count(wim, "slip", text=f"Parcel logged, {how}") for how in ("new", "changed")]
    assert texts[0] == texts[1] > 0


async def test_a_hook_may_act_as_the_system(wim: Person, admin: Person) -> None:
    await wim.make("parcel", label="stamped")
    jobs = decoded(await admin.ask("POST", f"{DATA}/job/query", {"where": {"title": "Stamped"}}))["items"]
    assert [job["margin"] for job in jobs] == [7]


async def test_a_hook_of_every_object_runs_for_each_of_them(wim: Person, admin: Person) -> None:
    parcel = await wim.make("parcel", label="box")
    error_of(await wim.ask("DELETE", f"{PARCEL}/{parcel['id']}"), 409, "CONFLICT")
    slip = await admin.make("slip", text="kept")
    error = error_of(await admin.ask("DELETE", f"{DATA}/slip/{slip['id']}"), 409, "CONFLICT")
    assert error["message"] == "No slip of this sort."
    assert (await admin.ask("DELETE", f"{PARCEL}/{parcel['id']}")).status_code == 200


async def test_the_order_of_hooks_is_told_to_administrators(admin: Person, wim: Person) -> None:
    told = decoded(await admin.get("/api/v1/meta/hooks"))["items"]
    names = [item["name"] for item in told]
    assert names[:3] == ["z_early", "a_first", "b_second"]
    assert names[3:] == sorted(names[3:])
    error_of(await wim.get("/api/v1/meta/hooks"), 404, "NOT_FOUND")
