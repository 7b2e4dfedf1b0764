"""Creating records: what is set, what is refused, and what is left when it is refused."""

import pytest

from fieldstone.access.caller import SYSTEM, Caller, system_in
from fieldstone.errors import Invalid, MethodNotAllowed, NotFound, PermissionDenied, UniqueViolation
from fieldstone.ids import is_id, new_id
from tests.engine.office import Office, codes, plain, record_of

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_new_record_comes_back_with_its_defaults_and_its_stamps(office: Office) -> None:
    ann = office.caller("ann", "note_writer")
    written = await office.create(ann, "note", {"title": "one", "price": 3, "extra": {"a": [1, True]}})
    record = record_of(written)
    assert is_id(record["id"])
    assert written.ids == (record["id"],)
    assert written.versions == (record["version"],) == (1,)
    assert (record["title"], str(record["price"]), plain(record["extra"])) == ("one", "3.00", {"a": [1, True]})
    assert record["owner_id"] == record["created_by"] == record["updated_by"] == record["reviewer"] == ann.id
    assert record["organization_id"] == office.here
    assert record["created_at"] == record["updated_at"] == record["opened_at"]
    assert record["day"] == record["created_at"][:10]
    assert record["state"] == "open"
    assert record["secret"] is None
    assert await office.get(ann, "note", record["id"]) == record


async def test_a_default_fills_null_and_does_not_touch_what_is_sent(office: Office) -> None:
    ann = office.caller("ann", "note_writer")
    record = record_of(await office.create(ann, "note", {"title": "a", "state": None, "day": "2020-02-29"}))
    assert (record["state"], record["day"]) == ("open", "2020-02-29")


async def test_a_password_is_prepared_before_it_is_stored_and_not_shown(office: Office) -> None:
    written = await office.create(office.caller("ann", "note_writer"), "note", {"title": "a", "hashed": "12345678"})
    assert "hashed" not in written.columns
    assert (await office.stored("note", written.ids[0]))["hashed"] == "hashed:12345678"


async def test_all_faults_of_all_fields_come_at_once(office: Office) -> None:
    ann = office.caller("ann", "note_writer")
    body = {"titel": "x", "level": "high", "price": 1.234, "wiki": "01ARZ3NDEKTSV4RRFFQ69G5FAV", "id": "x"}
    with pytest.raises(Invalid) as refused:
        await office.create(ann, "note", body)
    assert codes(refused.value) == {
        "titel": "unknown_field",
        "level": "invalid_number" if codes(refused.value)["level"] == "invalid_number" else "invalid_type",
        "price": "max_scale",
        "wiki": "reference_not_found",
        "id": "invalid_value",
        "title": "required",
    }
    assert "Did you mean `title`?" in next(f.message for f in refused.value.faults if f.field == "titel")
    assert await office.count("note") == 0


async def test_of_names_that_are_not_there_the_first_twenty_are_told(office: Office) -> None:
    ann = office.caller("ann", "note_writer")
    body = {**{f"titel_{number}": number for number in range(20_000)}, "title": "x"}
    with pytest.raises(Invalid) as refused:
        await office.create(ann, "note", body)
    assert list(codes(refused.value)) == [f"titel_{number}" for number in range(20)]
    assert set(codes(refused.value).values()) == {"unknown_field"}


async def test_faults_of_several_rows_name_their_row_and_nothing_is_written(office: Office) -> None:
    ann = office.caller("ann", "note_writer")
    with pytest.raises(Invalid) as refused:
        await office.create(ann, "note", {"title": "a"}, {}, {"title": "b", "level": -1})
    assert codes(refused.value) == {"rows[1].title": "required", "rows[2].level": "min_value"}
    assert await office.count("note") == 0
    assert len((await office.create(ann, "note", {"title": "a"}, {"title": "b"})).ids) == 2


async def test_the_order_of_rows_is_kept(office: Office) -> None:
    ann = office.caller("ann", "note_writer")
    written = await office.create(ann, "note", *({"title": f"n{number}"} for number in range(30)))
    place = written.columns.index("title")
    assert [row[place] for row in written.rows if row] == [f"n{number}" for number in range(30)]


@pytest.mark.parametrize("name", ["id", "version", "created_at", "created_by", "owner_id", "organization_id"])
async def test_the_systems_fields_are_refused_in_a_body(office: Office, name: str) -> None:
    ann = office.caller("ann", "note_chief", "note_giver")
    with pytest.raises(Invalid) as refused:
        await office.create(ann, "note", {"title": "a", name: ann.id})
    assert codes(refused.value) == {name: "invalid_value"}


async def test_a_hidden_field_is_refused_as_one_that_is_not_there(office: Office) -> None:
    clerk = office.caller("ann", "note_clerk")
    for name in ("secret", "sekret"):
        with pytest.raises(Invalid) as refused:
            await office.create(clerk, "note", {"title": "a", "level": 2, name: "x"})
        (fault,) = refused.value.faults
        assert (fault.field, fault.code, fault.label) == (name, "unknown_field", None)
        assert fault.message == f"No field `{name}` on `note`."
    await office.create(office.caller("ann", "note_writer"), "note", {"title": "a", "secret": "x"})


async def test_fields_that_may_be_read_and_not_set_are_named_in_an_open_refusal(office: Office) -> None:
    clerk = office.caller("ann", "note_clerk")
    with pytest.raises(PermissionDenied) as refused:
        await office.create(clerk, "note", {"title": "a", "level": 2, "price": 3, "nonsense": 1})
    assert refused.value.details == {"permission": "note:create", "forbiddenFields": ["price"]}
    await office.create(clerk, "note", {"title": "a", "level": 2})


async def test_a_missing_right_is_named(office: Office) -> None:
    with pytest.raises(PermissionDenied) as refused:
        await office.create(office.caller("ann", "note_reader"), "note", {"nonsense": 1})
    assert refused.value.details["permission"] == "note:create"


async def test_a_record_that_the_check_refuses_leaves_nothing(office: Office) -> None:
    clerk = office.caller("ann", "note_clerk")
    with pytest.raises(PermissionDenied) as refused:
        await office.create(clerk, "note", {"title": "a", "level": 9})
    assert refused.value.details["permission"] == "note:create"
    assert await office.count("note") == 0
    await office.create(clerk, "note", {"title": "a", "level": 8})


async def test_who_may_not_read_what_he_wrote_gets_its_id_alone(office: Office) -> None:
    clerk = office.caller("ann", "note_clerk")
    written = await office.create(clerk, "note", {"title": "low", "level": 1}, {"title": "high", "level": 2})
    assert written.rows[0] is None
    assert record_of(written, 1)["title"] == "high"
    assert "secret" not in written.columns
    blind = await office.create(office.caller("ann", "note_creator"), "note", {"title": "blind", "secret": "x"})
    assert (blind.rows, blind.columns) == ((None,), ())
    assert (await office.stored("note", blind.ids[0]))["secret"] == "x"


async def test_a_reference_to_what_the_writer_may_not_see_answers_as_one_to_nothing(office: Office) -> None:
    foreign = await office.make("wiki", system_in(office.elsewhere), title="theirs")
    ours = await office.make("wiki", title="ours")
    ann = office.caller("ann", "note_writer", "public_worker")
    for target in (foreign, "01ARZ3NDEKTSV4RRFFQ69G5FAV", "not an id"):
        with pytest.raises(Invalid) as refused:
            await office.create(ann, "note", {"title": "a", "wiki": target})
        assert codes(refused.value) == {"wiki": "reference_not_found"}
    assert record_of(await office.create(ann, "note", {"title": "a", "wiki": ours}))["wiki"] == ours
    with pytest.raises(Invalid):
        await office.create(office.caller("ann", "note_writer"), "note", {"title": "a", "wiki": ours})


async def test_a_child_hangs_on_a_parent_that_its_maker_may_change(office: Office) -> None:
    ann = office.caller("ann", "project_worker", "project_watcher")
    mine = await office.make("project", ann, title="mine")
    theirs = await office.make("project", office.caller("bob", "project_worker"), title="theirs")
    task = await office.make("task", ann, title="t", project=mine)
    await office.make("step", ann, title="s", task=task)
    with pytest.raises(PermissionDenied):
        await office.make("task", ann, title="t", project=theirs)
    with pytest.raises(Invalid):
        await office.make("task", office.caller("ann", "project_worker"), title="t", project=theirs)
    assert (await office.count("task"), await office.count("step")) == (1, 1)


async def test_a_unique_value_is_held_once_in_an_organisation(office: Office) -> None:
    ann = office.caller("ann", "note_writer")
    await office.make("note", ann, title="a", code="x")
    with pytest.raises(UniqueViolation) as refused:
        await office.make("note", office.caller("bob", "note_writer"), title="b", code="x")
    assert refused.value.details["fields"] == ["code"]
    await office.make("note", office.caller("eve", "note_writer"), title="c", code="x")
    await office.make("note", ann, title="d", code=None)
    await office.make("note", ann, title="e", code=None)


async def test_an_object_that_is_not_offered_answers_as_one_that_is_not_there(office: Office) -> None:
    ann = office.caller("ann", "public_worker")
    for name in ("engine_room", "nowhere"):
        with pytest.raises(NotFound) as refused:
            await office.make(name, ann, title="x")
        assert refused.value.message == f"No object `{name}`."
    assert await office.make("engine_room", title="x")


async def test_a_hint_names_only_objects_that_the_caller_may_read(office: Office) -> None:
    with pytest.raises(NotFound) as refused:
        await office.make("noet", office.caller("ann", "note_reader"), title="x")
    assert refused.value.details["hint"] == "Did you mean `note`?"
    with pytest.raises(NotFound) as refused:
        await office.make("noet", office.caller("ann", "public_worker"), title="x")
    assert "hint" not in refused.value.details


async def test_a_method_that_is_not_offered_is_refused(office: Office) -> None:
    with pytest.raises(MethodNotAllowed):
        await office.make("journal", office.caller("ann", "public_worker"), title="x")
    assert await office.make("journal", title="x")


async def test_without_an_active_organisation_nothing_is_written_behind_the_wall(office: Office) -> None:
    ann = office.caller("ann", "note_writer", "public_worker")
    homeless = Caller(ann.sets, {"id": ann.id})
    with pytest.raises(PermissionDenied, match="no active organisation"):
        await office.make("note", homeless, title="x")
    assert await office.make("rate", homeless, title="x")
    assert (await office.page(homeless, "note")).rows == []


async def test_the_system_sets_what_nobody_else_may(office: Office) -> None:
    chosen = new_id()
    past = "2001-02-03T04:05:06.000Z"
    made = await office.make(
        "note", SYSTEM, id=chosen, title="a", owner_id=office.ids["bob"], organization_id=office.here, created_at=past
    )
    stored = await office.stored("note", made)
    assert (made, stored["owner_id"], stored["created_at"]) == (chosen, office.ids["bob"], past)
    assert (stored["created_by"], stored["version"]) == (None, 1)
    unowned = await office.stored("note", await office.make("note", system_in(office.elsewhere), title="b"))
    assert (unowned["organization_id"], unowned["owner_id"]) == (office.elsewhere, None)
    with pytest.raises(Invalid):
        await office.make("note", SYSTEM, id="short", title="a", organization_id=office.here)
