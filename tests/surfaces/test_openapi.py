"""The OpenAPI document: valid, true to what is answered, and cut to what the caller may know."""

from typing import Any

import pytest
from openapi_schema_validator import OAS30ReadValidator, OAS30WriteValidator
from openapi_spec_validator import validate

from tests.surfaces.running import DATA, Person, World, error_of

pytestmark = pytest.mark.asyncio(loop_scope="session")
ONE_DATABASE = True
PATH = "/api/v1/openapi.json"


async def _document(person: Person) -> dict[str, Any]:
    answer = await person.get(PATH)
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


def _resolved(document: dict[str, Any], operation_id: str) -> dict[str, Any]:
    operations = (found for methods in document["paths"].values() for found in methods.values())
    return next(found for found in operations if found["operationId"] == operation_id)


def _schema(document: dict[str, Any], operation_id: str, status: str) -> dict[str, Any]:
    content = _resolved(document, operation_id)["responses"][status]["content"]["application/json"]
    return content["schema"] | {"components": document["components"]}


async def test_it_is_valid_for_everybody(mia: Person, ann: Person, admin: Person) -> None:
    for person in (mia, ann, admin):
        document = await _document(person)
        assert document["openapi"] == "3.0.3"
        validate(document)


async def test_the_routes_of_oauth_take_forms_too_and_say_so(mia: Person) -> None:
    document = await _document(mia)
    for name in ("device_code", "device_token"):
        taken = _resolved(document, name)["requestBody"]["content"]
        assert taken["application/x-www-form-urlencoded"] == taken["application/json"]
    assert _resolved(document, "sign_in")["requestBody"]["content"].keys() == {"application/json"}


async def test_the_second_dialect_has_a_document_of_its_own(world: World, mia: Person) -> None:
    key = (await mia.ask("POST", "/api/v1/keys", {"name": "x", "scopes": ["tickets:read"]})).json()["key"]
    document = (await world.client.get("/partner/v2/openapi.json", headers={"X-Partner-Key": key})).json()
    validate(document)
    assert document["info"] == {"title": "Partner API", "version": "2.1.0"}
    assert document["security"] == [{"api_key_header": []}]
    names = {parameter["name"] for parameter in document["paths"]["/partner/v2/tickets"]["get"]["parameters"]}
    filters = {"state", "client", "any_of", "opened_after", "most_hours", "settled"}
    assert names == filters | {"words", "page_size", "after"}
    assert document["paths"]["/partner/v2/tickets"]["get"]["x-scopes"] == ["tickets:read"]
    page = document["paths"]["/partner/v2/tickets"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert page["properties"].keys() == {"data", "request_id", "next_cursor"}
    assert document["components"]["schemas"]["Error"]["properties"].keys() == {
        "code",
        "message",
        "details",
        "request_id",
    }


async def test_every_route_is_in_it_with_the_paths_of_its_objects(world: World, admin: Person) -> None:
    document = await _document(admin)
    table = world.runtime.tables["v1"]
    fixed = {
        (route.template, route.declaration.method.lower())
        for route in table.routes
        if not {"{object}", "{action}"} & set(route.template.split("/"))
    }
    told = {(path, method) for path, methods in document["paths"].items() for method in methods}
    assert fixed <= told
    assert {path for path, _ in told - fixed} == {
        f"{DATA}/{name}{rest}"
        for name, face in table.dialect.objects.items()
        for rest, needed in (
            ("", "list"),
            ("/query", "list"),
            ("/import", "import"),
            ("/import/jobs", "import"),
            ("/export", "export"),
            ("/batch", "batch"),
            ("/createMany", "create_many"),
            ("/updateMany", "update_many"),
            ("/deleteMany", "delete_many"),
            ("/{id}", "get"),
            ("/{id}/clone", "clone"),
        )
        if needed in face.operations
    } | {f"{DATA}/{name}/{{id}}/{past}" for name in ("ticket", "draft") for past in ("history", "restore")} | {
        f"{DATA}/ticket/{{id}}/shares",
        f"{DATA}/ticket/{{id}}/shares/{{share}}",
        "/api/v1/actions/close",
        "/api/v1/actions/ticket/close",
        "/api/v1/actions/ticket/close/{record_id}",
    }
    assert not any("{object}" in path for path in document["paths"])


async def test_operation_ids_are_stable_and_unique(mia: Person, admin: Person) -> None:
    ids = [found["operationId"] for methods in (await _document(admin))["paths"].values() for found in methods.values()]
    assert len(ids) == len(set(ids))
    assert {
        "list_ticket",
        "query_ticket",
        "get_ticket",
        "create_ticket",
        "update_ticket",
        "delete_ticket",
        "batch_ticket",
    } <= set(ids)
    document = await _document(mia)
    assert _resolved(document, "list_ticket")["tags"] == ["ticket"]


async def test_objects_and_fields_that_somebody_may_not_know_are_left_out(ann: Person, mia: Person) -> None:
    document, full = await _document(ann), await _document(mia)
    for hidden in ("credit_limit", "internal_rating", "sys_member", "key_hash", "token_hash"):
        assert hidden not in str(document)
    assert "credit_limit" in str(full)
    assert "delete" not in document["paths"][f"{DATA}/ticket/{{id}}"]
    assert "delete" in full["paths"][f"{DATA}/ticket/{{id}}"]
    assert "create_customer" not in str(document)
    assert "get_customer" in str(document)


async def test_what_is_written_is_described_field_by_field(mia: Person) -> None:
    schemas = (await _document(mia))["components"]["schemas"]
    create, update, read = schemas["ticket.create"], schemas["ticket.update"], schemas["ticket.read"]
    assert create["required"] == ["subject", "customer"]
    assert create["additionalProperties"] is False
    assert "required" not in update
    assert update["properties"].keys() >= {"subject", "expectedVersion", "owner_id"}
    assert not {"id", "version", "created_at", "organization_id"} & create["properties"].keys()
    assert read["properties"]["id"] == {"title": "Id", "type": "string", "readOnly": True}
    assert read["properties"]["status"]["enum"] == ["open", "waiting", "closed"]
    assert {"$ref": "#/components/schemas/customer.read"} in read["properties"]["customer"]["anyOf"]


async def test_a_password_is_written_and_never_read(admin: Person) -> None:
    schemas = (await _document(admin))["components"]["schemas"]
    assert schemas["sys_user.create"]["properties"]["password"]["writeOnly"] is True
    assert "password" not in schemas["sys_user.read"]["properties"]


async def test_answers_are_as_the_document_says(mia: Person) -> None:
    document = await _document(mia)
    customer = (await mia.make("customer", name="Described"))["id"]
    sent = {"subject": "Described", "customer": customer, "hours": 1.25, "due_on": "2026-05-01"}
    OAS30WriteValidator({"$ref": "#/components/schemas/ticket.create", "components": document["components"]}).validate(
        sent
    )
    made = await mia.ask("POST", f"{DATA}/ticket", sent)
    path = f"{DATA}/ticket/{made.json()['id']}"
    batch = {"operation": "create", "records": [{"data": sent}, {"data": {}}], "options": {"returnRecords": True}}
    answers = {
        ("create_ticket", "201"): made,
        ("get_ticket", "200"): await mia.get(f"{path}?expand=customer"),
        ("list_ticket", "200"): await mia.get(f"{DATA}/ticket?limit=1"),
        ("query_ticket", "200"): await mia.ask("POST", f"{DATA}/ticket/query", {"count": False}),
        ("update_ticket", "200"): await mia.ask("PATCH", path, {"subject": "New"}),
        ("update_ticket", "409"): await mia.ask("PATCH", path, {"expectedVersion": 9}),
        ("create_ticket", "400"): await mia.ask("POST", f"{DATA}/ticket", {}),
        ("batch_ticket", "200"): await mia.ask("POST", f"{DATA}/ticket/batch", batch),
        ("delete_ticket", "200"): await mia.ask("DELETE", path),
        ("get_ticket", "404"): await mia.get(path),
        ("list_items", "200"): await mia.get("/api/v1/meta/object"),
        ("discover", "200"): await mia.get("/api/v1"),
        ("get_session", "200"): await mia.get("/api/v1/auth/get-session"),
        ("create_key", "201"): await mia.ask("POST", "/api/v1/keys", {}),
    }
    for (operation, status), answer in answers.items():
        assert str(answer.status_code) == status, (operation, answer.text)
        OAS30ReadValidator(_schema(document, operation, status)).validate(answer.json())


async def test_a_body_without_anything_in_it_is_no_fault_of_the_server(admin: Person) -> None:
    paths = (await _document(admin))["paths"]
    creates = [
        path for path, methods in paths.items() if methods.get("post", {}).get("operationId", "")[:7] == "create_"
    ]
    of_objects = [path for path in creates if path.startswith(DATA) and path.count("/") == 4]
    assert len(of_objects) > 10
    answers = {path: (await admin.ask("POST", path, {})).status_code for path in of_objects}
    assert set(answers.values()) == {400}, answers


async def test_parameters_are_told_of_where_the_object_has_what_they_are_about(admin: Person) -> None:
    document = await _document(admin)
    about = {"asOf", "trash", "search", "searchFields"}
    told = {
        name: about & {parameter["name"] for parameter in _resolved(document, f"list_{name}")["parameters"]}
        for name in ("draft", "expense", "sys_audit_log")
    }
    assert told == {"draft": about, "expense": {"search", "searchFields"}, "sys_audit_log": set()}
    assert "405" in _resolved(document, "query_sys_audit_log")["responses"]
    assert "405" not in _resolved(document, "query_draft")["responses"]


async def test_refusals_are_told_by_their_statuses(admin: Person) -> None:
    document = await _document(admin)
    assert {"401", "403", "429"} <= _resolved(document, "sign_in")["responses"].keys()
    assert _resolved(document, "return_to_reset")["responses"]["302"].keys() == {"description", "headers"}
    refusal = _resolved(document, "device_token")["responses"]["400"]["content"]["application/json"]["schema"]
    assert {"$ref": "#/components/schemas/DeviceRefusal"} in refusal["oneOf"]
    assert "application/x-www-form-urlencoded" in _resolved(document, "device_token")["requestBody"]["content"]
    assert _resolved(document, "get_session")["responses"]["200"]["content"]["application/json"]["schema"]["nullable"]
    assert "304" in _resolved(document, "get_openapi")["responses"]


async def test_it_is_kept_for_equal_callers_and_has_a_tag(world: World, mia: Person, ann: Person) -> None:
    first, other = await mia.get(PATH), await ann.get(PATH)
    assert first.headers["etag"] != other.headers["etag"]
    again = await mia.get(PATH, headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304
    error_of(await world.nobody.get(PATH), 401, "UNAUTHENTICATED")
