"""Objects that do without some system fields: every write of them works, and what is left out is no field at all."""

from typing import Any

import pytest

from fieldstone.access.caller import Caller
from fieldstone.access.policies import Policies
from fieldstone.query.ast import EVERYTHING, NOTHING
from tests.surfaces.running import DATA, Person, World, decoded, error_of

pytestmark = pytest.mark.asyncio(loop_scope="session")

AUDIT = ("created_at", "updated_at", "created_by", "updated_by")


async def unknown(person: Person, object_name: str, field: str) -> dict[str, Any]:
    """Returns the refusal of a query that names a field."""
    answer = await person.ask("POST", f"{DATA}/{object_name}/query", {"where": {field: {"$ne": "x"}}})
    refusal: dict[str, Any] = error_of(answer, 400, "VALIDATION_ERROR")
    return refusal


async def test_what_is_left_out_is_no_field(admin: Person) -> None:
    leaf, twig = await admin.make("leaf", title="a"), await admin.make("twig", title="b")
    assert leaf.keys() == {"id", "version", "title", "part", "parts"}
    assert twig.keys() == {"id", "version", "organization_id", "owner_id", "deleted_at", "deleted_by", "title"}
    assert twig["owner_id"] is not None
    for object_name in ("leaf", "twig"):
        for name in AUDIT:
            assert (await unknown(admin, object_name, name))["message"] == f"No field `{name}` on `{object_name}`."


async def test_a_record_without_them_is_changed_sorted_and_deleted(admin: Person) -> None:
    made = await admin.make("leaf", title="a")
    path = f"{DATA}/leaf/{made['id']}"
    assert decoded(await admin.ask("PATCH", path, {"title": "b", "expectedVersion": 1}))["version"] == 2
    listed = decoded(await admin.get(f"{DATA}/leaf", params={"orderBy": "-id", "limit": "1"}))
    assert listed["items"][0] == made | {"title": "b", "version": 2}
    assert (await admin.ask("DELETE", path)).status_code == 200
    error_of(await admin.get(path), 404, "NOT_FOUND")


async def test_references_of_a_record_without_them_are_cleared(admin: Person) -> None:
    part, other = await admin.make("part"), await admin.make("part")
    made = await admin.make("leaf", part=part["id"], parts=[part["id"], other["id"]])
    assert (await admin.ask("DELETE", f"{DATA}/part/{part['id']}")).status_code == 200
    left = decoded(await admin.get(f"{DATA}/leaf/{made['id']}"))
    assert (left["part"], left["parts"]) == (None, [other["id"]])


async def test_a_record_without_them_goes_to_the_trash_and_comes_back(admin: Person) -> None:
    made = await admin.make("twig", title="a")
    path = f"{DATA}/twig/{made['id']}"
    assert (await admin.ask("DELETE", path)).status_code == 200
    back = decoded(await admin.ask("POST", f"{path}/restore"))
    assert (back["title"], back["deleted_at"], back["version"]) == ("a", None, 3)


async def test_a_rule_of_all_objects_over_a_field_that_one_does_without_selects_nothing_of_it(types: World) -> None:
    policies = Policies(types.runtime.catalog)
    member = Caller(frozenset({"member_default"}), {"id": "1", "organization_id": "1"})
    rows = {name: policies.policy(member, name, "update").rows for name in ("leaf", "part")}
    assert rows["leaf"] == NOTHING
    assert rows["part"] != NOTHING
    assert policies.policy(member, "leaf", "read").rows == EVERYTHING


async def test_without_a_tenant_there_is_no_wall(types: World) -> None:
    objects = types.runtime.catalog.objects
    assert [objects[name].walled for name in ("leaf", "twig", "part")] == [False, True, True]
