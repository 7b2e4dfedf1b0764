"""`/meta`: the declarations as far as a caller may know them."""

import pytest

from tests.surfaces.running import DATA, Person, World, error_of

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


MEMBERS = {
    "ticket/fields/subject": ("ticket", {"type": "text"}),
    "ticket/validations/status_path": ("ticket", {"field": "status"}),
    "ticket/views/open": ("ticket", {"label": "Open tickets"}),
    "ticket/listViews/board": ("ticket", {"groupBy": "status"}),
    "ticket/actions/close": ("ticket", {"objectName": "ticket"}),
    "view/ticket/open": ("view", {"label": "Open tickets"}),
    "views/ticket/open": ("view", {"label": "Open tickets"}),
    "actions/ticket/close": ("action", {"objectName": "ticket"}),
}


@pytest.mark.parametrize("path", MEMBERS)
async def test_a_part_of_a_declaration_is_told_by_its_name(mia: Person, path: str) -> None:
    kind, told = MEMBERS[path]
    answer = await mia.get(f"{META}/{path}")
    found = answer.json()
    assert (found["type"], found["name"]) == (kind, path.partition("/")[2])
    assert found["item"].items() >= told.items()
    again = await mia.get(f"{META}/{path}", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


REFUSED = {
    "ticket/fields/subjct": (404, "Did you mean `subject`?"),
    "ticket/feilds/subject": (400, "Did you mean `fields`?"),
    "ticket/fields/internal_rating": (404, None),
    "ticket/fields/internal_rating/references": (404, None),
    "ticket/listViews/details": (404, "Ask for it among the `views`."),
    "ticket/views/opn": (404, "Did you mean `ticket.open`?"),
    "viewes/ticket/open": (400, "Did you mean `views`?"),
    "sys_member/fields/role": (404, None),
    "nothing/fields/role": (404, None),
    "object/sys_member/references": (404, "Did you mean `sys_user`?"),
    "object/tickt/references": (404, "Did you mean `ticket`?"),
    "permission/support_agent/references": (404, None),
}


@pytest.mark.parametrize("path", REFUSED)
async def test_what_is_unknown_or_hidden_has_no_parts_and_no_references(ann: Person, path: str) -> None:
    status, hint = REFUSED[path]
    code = "NOT_FOUND" if status == 404 else "VALIDATION_ERROR"
    assert error_of(await ann.get(f"{META}/{path}"), status, code).get("details", {}).get("hint") == hint


async def test_a_type_goes_before_an_object_and_the_plural_is_the_type(admin: Person) -> None:
    error = error_of(await admin.get(f"{META}/object/fields/subject"), 404, "NOT_FOUND")
    assert error["message"] == "No object `fields.subject`."


async def test_references_are_told_by_path_as_far_as_they_are_known(admin: Person, mia: Person, ann: Person) -> None:
    path = f"{META}/ticket/fields/status/references"
    everything = (await admin.get(path)).json()["references"]
    assert {
        "type": "view",
        "name": "ticket.open",
        "path": "filter.status",
        "kind": "filter",
        "label": "Open tickets",
    } in (everything)
    assert {reference["type"] for reference in everything} >= {"object", "permission", "action", "flow", "view"}
    known = (await ann.get(path)).json()["references"]
    assert {reference["type"] for reference in known} <= {"object", "action", "view", "dashboard"}
    widgets = [reference for reference in known if reference["type"] == "dashboard"]
    assert [reference["path"] for reference in widgets] == ["widgets.0.filter.status"]
    answer = await mia.get(f"{META}/object/ticket/references")
    assert {
        "type": "object",
        "name": "comment",
        "path": "fields.ticket.reference",
        "kind": "lookup",
        "label": "Comment",
    } in (answer.json()["references"])
    again = await mia.get(f"{META}/object/ticket/references", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


async def test_an_agent_is_told_what_faces_may_show_him(mia: Person, ann: Person) -> None:
    for person, columns, widgets in ((mia, 6, 3), (ann, 5, 2)):
        view = (await person.get(f"{META}/ticket/views/open")).json()["item"]
        assert len(view["columns"]) == columns
        assert len((await person.get(f"{META}/dashboard/desk")).json()["item"]["widgets"]) == widgets
        entries = (await person.get(f"{META}/app/desk")).json()["item"]["navigation"]
        assert [entry["id"] for entry in entries] == ["tickets", "today", "people", "help"]
    assert "internal_rating" not in (await ann.get(f"{META}/views")).text + (await ann.get(f"{META}/dashboards")).text


async def test_declarations_are_told_in_the_language_of_the_reader(mia: Person) -> None:
    german = {"Accept-Language": "fr;q=0.3, de-AT, en;q=0.5"}
    answer = await mia.get(f"{META}/object/ticket", headers=german)
    item = answer.json()["item"]
    assert (item["label"], item["fields"]["subject"]["label"]) == ("Anfrage", "Betreff")
    assert "Accept-Language" in answer.headers["vary"]
    plain = await mia.get(f"{META}/object/ticket")
    assert plain.json()["item"]["label"] == "Ticket"
    assert plain.headers["etag"] != answer.headers["etag"]
    again = await mia.get(f"{META}/object/ticket", headers={**german, "If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.headers["vary"]) == (304, answer.headers["vary"])
    other = await mia.get(f"{META}/object/ticket", headers={"If-None-Match": answer.headers["etag"]})
    assert other.status_code == 200
    field = await mia.get(f"{META}/ticket/fields/status", headers=german)
    assert field.json()["item"]["options"][2]["label"] == "Erledigt"
    labels = {view["label"] for view in (await mia.get(f"{META}/views", headers=german)).json()["items"]}
    assert {"Offene Anfragen", "Board"} <= labels


async def test_a_refused_record_is_told_of_in_the_language_of_its_writer(mia: Person) -> None:
    sent = {"subject": 5, "status": "closed"}
    answer = await mia.ask("POST", f"{DATA}/ticket", sent, headers={"Accept-Language": "de"})
    faults = error_of(answer, 400, "VALIDATION_ERROR")["details"]["fields"]
    assert {fault["field"]: fault.get("label") for fault in faults}.items() >= {
        "subject": "Betreff",
        "customer": "Kunde",
    }.items()
    customer = await mia.make("customer", name="Anton")
    sent = {"subject": "Leise", "status": "closed", "customer": customer["id"]}
    answer = await mia.ask("POST", f"{DATA}/ticket", sent, headers={"Accept-Language": "de"})
    (fault,) = error_of(answer, 400, "VALIDATION_ERROR")["details"]["fields"]
    assert fault["message"] == "Eine erledigte Anfrage sagt, wie viele Stunden sie gebraucht hat."
