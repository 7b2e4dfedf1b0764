"""`/meta`: the declarations as far as a caller may know them."""

import pytest

from tests.surfaces.running import Person, World, error_of

pytestmark = pytest.mark.asyncio(loop_scope="session")
ONE_DATABASE = True
META = "/api/v1/meta"


async def test_an_administrator_sees_every_kind_and_others_what_faces_are_told(admin: Person, ann: Person) -> None:
    assert set((await admin.get(META)).json()["types"]) >= {"object", "permission", "api", "seed"}
    answer = (await ann.get(META)).json()
    assert answer["types"] == ["object", "action", "flow", "view", "dashboard", "app"]
    assert answer["entries"][0] == {
        "type": "object",
        "label": "Object",
        "description": "A business object and its fields",
        "filePatterns": ["**/*.object.yaml"],
    }


async def test_objects_without_any_right_are_left_out(admin: Person, ann: Person) -> None:
    seen = (await ann.get(f"{META}/object")).json()
    names = [item["name"] for item in seen["items"]]
    assert {"ticket", "customer", "contact", "comment"} <= set(names)
    assert "sys_member" not in names
    assert seen["total"] == len(names)
    error_of(await ann.get(f"{META}/object/sys_member"), 404, "NOT_FOUND")
    assert (await admin.get(f"{META}/object/sys_member")).status_code == 200


async def test_an_object_is_answered_as_declared_with_its_package(mia: Person) -> None:
    answer = (await mia.get(f"{META}/object/ticket")).json()
    assert (answer["type"], answer["name"]) == ("object", "ticket")
    item = answer["item"]
    assert item["_package"] == {
        "id": "desk",
        "version": "0.1.0",
        "label": "Support desk",
        "description": "Customers, their contacts, the tickets they raise and what was said about them.",
    }
    assert item["fields"]["internal_rating"]["type"] == "number"
    assert item["sharingModel"] == "private"


async def test_hidden_fields_are_removed(ann: Person) -> None:
    item = (await ann.get(f"{META}/object/ticket")).json()["item"]
    assert "subject" in item["fields"]
    assert "internal_rating" not in (await ann.get(f"{META}/object/ticket")).text
    assert "credit_limit" not in (await ann.get(f"{META}/object/customer")).text


async def test_a_kind_may_be_named_in_the_plural_and_a_near_miss_is_told(mia: Person) -> None:
    assert (await mia.get(f"{META}/objects")).json() == (await mia.get(f"{META}/object")).json()
    error = error_of(await mia.get(f"{META}/objcts"), 400, "VALIDATION_ERROR")
    assert error["details"]["hint"] == "Did you mean `objects`?"
    error_of(await mia.get(f"{META}/zebra"), 404, "NOT_FOUND")


async def test_a_kind_for_administrators_is_unknown_to_others(admin: Person, mia: Person) -> None:
    error_of(await mia.get(f"{META}/permission"), 404, "NOT_FOUND")
    error_of(await mia.get(f"{META}/permission/support_agent"), 404, "NOT_FOUND")
    error_of(await mia.get(f"{META}/permissio"), 404, "NOT_FOUND")
    assert (await admin.get(f"{META}/permission/support_agent")).json()["item"]["name"] == "support_agent"


async def test_items_are_narrowed_to_a_package(mia: Person) -> None:
    names = {item["name"] for item in (await mia.get(f"{META}/object?package=desk")).json()["items"]}
    assert names == {"ticket", "customer", "contact", "comment"}
    assert (await mia.get(f"{META}/object?package=none")).json()["items"] == []
    error_of(await mia.get(f"{META}/object?pakage=desk"), 400, "VALIDATION_ERROR")


async def test_an_item_has_a_tag(mia: Person) -> None:
    answer = await mia.get(f"{META}/object/ticket")
    again = await mia.get(f"{META}/object/ticket", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_meta_needs_a_session(world: World) -> None:
    for path in (META, f"{META}/object", f"{META}/object/ticket"):
        error_of(await world.nobody.get(path), 401, "UNAUTHENTICATED")


async def test_capabilities_are_told_with_the_package_that_declares_them(admin: Person, ann: Person) -> None:
    listed = (await admin.get(f"{META}/capabilities")).json()
    assert {"query:explain", "manage_org_users", "export_everything"} <= {item["name"] for item in listed["items"]}
    item = (await admin.get(f"{META}/capability/export_everything")).json()["item"]
    assert (item["label"], item["_package"]["id"]) == ("Export everything", "partner")
    error_of(await admin.get(f"{META}/capability/export_everthing"), 404, "NOT_FOUND")
    error_of(await ann.get(f"{META}/capability"), 404, "NOT_FOUND")
