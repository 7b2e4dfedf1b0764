"""Seeds are written once, in an order that their references allow, and what is wrong with one is told by file and record."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from fieldstone.engine.operation import Create, Delete, Update
from fieldstone.errors import DeclarationError
from fieldstone.services.seeding import seed_once
from tests.identity.house import PASSWORD, House, load, open_house, started, write_app

PEOPLE = """\
name: people
object: sys_user
externalId: email
records:
  - {email: Ann@Example.org, name: Ann, password: correct horse}
  - {email: tom@example.org, name: Tom}
"""
GRANTS = """\
name: grants
object: sys_user_permission_set
externalId: [user_id, permission_set]
records:
  - {user_id: ann@example.org, permission_set: note_writer}
  - {user_id: ANN@example.org, permission_set: note_reader}
  - {user_id: tom@example.org, permission_set: note_reader}
"""
PERSON = """\
name: person
fields:
  code: {type: text, required: true, unique: true}
  boss: {type: lookup, reference: person}
  team: {type: lookup, reference: team}
"""
TEAM = """\
name: team
fields:
  code: {type: text, required: true, unique: true}
  lead: {type: lookup, reference: person, required: true, deleteBehavior: restrict}
"""

Opening = Callable[..., AbstractAsyncContextManager[House]]


@pytest.fixture
def opened(tmp_path: Path, database_url: str) -> Opening:
    """Opens a started house whose app has further files: `opened(people_seed=...)` writes `notes/people.seed.yaml`."""

    @asynccontextmanager
    async def opening(**files: str) -> AsyncIterator[House]:
        paths = {f"notes/{'.'.join(name.rsplit('_', 1))}.yaml": text for name, text in files.items()}
        async with open_house(load(write_app(tmp_path, **paths)), database_url) as house:
            yield await started(house)

    return opening


async def seed(house: House) -> int:
    return await seed_once(house.execute, house.catalog, house.organization_id, house.clock)


def records(name: str, object_name: str, *rows: str, key: str = "code") -> str:
    return f"name: {name}\nobject: {object_name}\nexternalId: {key}\nrecords:\n" + "".join(
        f"  - {row}\n" for row in rows
    )


async def codes(house: House, object_name: str, *fields: str) -> dict[str, tuple[str | None, ...]]:
    """Returns, by code, the codes of what each record points to."""
    rows = await house.read(object_name, ("code", *fields))
    known = {row["id"]: row["code"] for name in ("person", "team") for row in await house.read(name, ("id", "code"))}
    return {row["code"]: tuple(known.get(row[field]) for field in fields) for row in rows}


async def test_users_get_their_passwords_memberships_and_grants(opened: Opening) -> None:
    async with opened(people_seed=PEOPLE, grants_seed=GRANTS) as house:
        assert await seed(house) == 5
        ann = await house.caller("ann")
        assert ann.sets == {"everyone", "note_writer", "note_reader"}
        assert ann.organization_id == house.organization_id
        assert (await house.read("sys_user", ("password",), email="tom@example.org"))[0]["password"] is None


async def test_records_belong_to_the_organisation_and_to_the_owner_that_they_name(opened: Opening) -> None:
    notes = records("notes", "note", "{text: hers, owner_id: ann@example.org}", "{text: nobodys}", key="text")
    async with opened(people_seed=PEOPLE, notes_seed=notes) as house:
        await seed(house)
        users = {row["id"]: row["email"] for row in await house.read("sys_user", ("id", "email"))}
        rows = await house.read("note", ("text", "owner_id", "organization_id"))
        assert {row["text"]: users.get(row["owner_id"]) for row in rows} == {"hers": "ann@example.org", "nobodys": None}
        assert {row["organization_id"] for row in rows} == {house.organization_id}


async def test_a_record_that_breaks_a_rule_is_refused_with_its_number(opened: Opening) -> None:
    rule = 'validations: [{predicate: record.code != "b", message: Nobody is called b.}]\n'
    people = records("people", "person", "{code: a}", "{code: b}")
    async with opened(person_object=PERSON + rule, team_object=TEAM, people_seed=people) as house:
        with pytest.raises(DeclarationError) as refused:
            await seed(house)
        (fault,) = refused.value.faults
        assert fault.message == "Record 2: _record: Nobody is called b."


async def test_a_second_start_writes_nothing_and_brings_nothing_back(opened: Opening) -> None:
    async with opened(people_seed=PEOPLE, grants_seed=GRANTS) as house:
        await seed(house)
        tom = (await house.read("sys_user", ("id",), email="tom@example.org"))[0]["id"]
        await house.system(Delete("sys_user", tom))
        assert await seed(house) == 0
        assert await house.count("sys_user") == 1


async def test_a_record_that_is_found_by_its_key_is_left_alone(opened: Opening) -> None:
    async with opened(people_seed=PEOPLE, grants_seed=GRANTS) as house:
        row = {"email": "ann@example.org", "name": "Ann the first", "password": PASSWORD}
        await house.system(Create("sys_user", (row,)))
        assert await seed(house) == 4
        rows = await house.read("sys_user", ("name", "version"), email="ann@example.org")
        assert rows == [{"name": "Ann the first", "version": 1}]


async def test_references_are_followed_in_whatever_order_the_files_stand(opened: Opening) -> None:
    people = records(
        "a_people", "person", "{code: c, boss: b}", "{code: b, boss: a}", "{code: a}", "{code: d, team: t}"
    )
    teams = records("b_teams", "team", "{code: t, lead: c}")
    async with opened(person_object=PERSON, team_object=TEAM, a_people_seed=people, b_teams_seed=teams) as house:
        assert await seed(house) == 5
        assert await codes(house, "person", "boss", "team") == {
            "a": (None, None),
            "b": ("a", None),
            "c": ("b", None),
            "d": (None, "t"),
        }
        assert await codes(house, "team", "lead") == {"t": ("c",)}


async def test_a_circle_is_closed_at_the_end_through_a_reference_that_may_be_empty(opened: Opening) -> None:
    people = records("people", "person", "{code: a, team: t}", "{code: b, boss: b}")
    teams = records("teams", "team", "{code: t, lead: a}")
    async with opened(person_object=PERSON, team_object=TEAM, people_seed=people, teams_seed=teams) as house:
        assert await seed(house) == 3
        assert await codes(house, "person", "boss", "team") == {"a": (None, "t"), "b": ("b", None)}
        assert await codes(house, "team", "lead") == {"t": ("a",)}


@pytest.mark.parametrize(
    ("people", "told"),
    [
        ("{code: a, boss: nobody}", "Record 1: There is no `person` whose `code` is `nobody`."),
        ("{code: a, boss: x}\n  - {code: x, team: nowhere}", "Record 2: There is no `team` whose `code` is `nowhere`."),
        ("{code: ok}\n  - {code: a, owner_id: nobody@example.org}", "Record 2: There is no `sys_user`"),
    ],
)
async def test_a_reference_to_nothing_is_told_by_file_and_record(opened: Opening, people: str, told: str) -> None:
    seeds = {
        "people_seed": records("people", "person", people),
        "teams_seed": records("teams", "team", "{code: t, lead: a}"),
    }
    async with opened(person_object=PERSON, team_object=TEAM, **seeds) as house:
        with pytest.raises(DeclarationError) as refused:
            await seed(house)
        assert "notes/people.seed.yaml:1:1 SEED_RECORD " in str(refused.value)
        assert told in str(refused.value)
        assert await house.count("person") == 0


async def test_required_references_in_a_circle_are_refused(opened: Opening) -> None:
    person = PERSON.replace("reference: team}", "reference: team, required: true, deleteBehavior: restrict}")
    seeds = {
        "people_seed": records("people", "person", "{code: a, team: t}"),
        "teams_seed": records("teams", "team", "{code: t, lead: a}"),
    }
    async with opened(person_object=person, team_object=TEAM, **seeds) as house:
        with pytest.raises(DeclarationError, match="go in a circle"):
            await seed(house)


async def test_what_the_door_refuses_is_told_by_file_and_record_and_tried_again_once_mended(opened: Opening) -> None:
    grants = GRANTS.replace(
        "tom@example.org, permission_set: note_reader", "tom@example.org, permission_set: note_reeder"
    )
    async with opened(people_seed=PEOPLE, grants_seed=grants) as house:
        with pytest.raises(DeclarationError) as refused:
            await seed(house)
        assert "notes/grants.seed.yaml:1:1 SEED_RECORD Record 3: permission_set: No permission set" in str(
            refused.value
        )
    async with opened(people_seed=PEOPLE, grants_seed=GRANTS) as house:
        await seed(house)
        assert await house.count("sys_user") == 2
        assert await house.count("sys_user_permission_set") == 3


async def test_of_two_processes_that_seed_at_once_one_does(tmp_path: Path, postgres_url: str) -> None:
    files = {"notes/notes.seed.yaml": records("notes", "note", "{text: one}", "{text: two}", key="text")}
    catalog = load(write_app(tmp_path, **files))
    async with open_house(catalog, postgres_url) as one, open_house(catalog, postgres_url) as two:
        await started(one)
        two.organization_id = one.organization_id
        assert sorted(await asyncio.gather(seed(one), seed(two))) == [0, 2]
        assert await one.count("note") == 2


async def test_thousands_of_records_are_quick(opened: Opening) -> None:
    rows = [f"{{code: p{number}, boss: p{number // 10}}}" for number in range(1, 3000)]
    async with opened(
        person_object=PERSON, team_object=TEAM, people_seed=records("people", "person", "{code: p0}", *rows)
    ) as house:
        began = time.perf_counter()
        assert await seed(house) == 3000
        assert time.perf_counter() - began < 5
        assert (await house.read("person", ("code", "boss"), code="p2999"))[0]["boss"] is not None


async def test_a_seeded_record_can_be_changed_like_any_other(opened: Opening) -> None:
    async with opened(notes_seed=records("notes", "note", "{text: one}", key="text")) as house:
        await seed(house)
        note = (await house.read("note", ("id",)))[0]["id"]
        await house.system(Update("note", note, {"text": "two"}))
        assert await seed(house) == 0
        assert [row["text"] for row in await house.read("note", ("text",))] == ["two"]
