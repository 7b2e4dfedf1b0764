"""`/data/:object/import`: a table of cells becomes records, with a result for each row (contract 3.6)."""

from typing import Any

import pytest
import pytest_asyncio

from tests.statements import noted_statements
from tests.surfaces.running import DATA, Person, decoded, error_of

pytestmark = pytest.mark.asyncio(loop_scope="session")
TICKETS, CUSTOMERS, COMMENTS, CONTACTS = (
    f"{DATA}/{name}/import" for name in ("ticket", "customer", "comment", "contact")
)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def acme(admin: Person) -> str:
    """The id of a customer whom every agent sees."""
    await admin.make("customer", name="Hidden & Sons", active=False)
    return str((await admin.make("customer", name="Acme Imports"))["id"])


async def imported(person: Person, body: dict[str, Any], path: str = TICKETS, **more: Any) -> dict[str, Any]:
    """Returns the answer of an import."""
    answer = await person.ask("POST", path, body, **more)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = decoded(answer)
    results = found["results"]
    assert [row["row"] for row in results] == list(range(1, found["total"] + 1))
    assert found["ok"] == sum(row["ok"] for row in results) == found["created"] + found["updated"]
    assert found["errors"] == sum(row["action"] == "failed" for row in results)
    return found


async def listed(person: Person, search: str, **more: str) -> list[dict[str, Any]]:
    """Returns the tickets whose subject begins with a text, in their order."""
    where = f'{{"subject":{{"$startsWith":"{search}"}}}}'
    answer = await person.get(f"{DATA}/ticket", params={"where": where, "orderBy": "subject", **more})
    return list(decoded(answer)["items"])


def told(answer: dict[str, Any]) -> list[str | None]:
    """Returns what became of each row: the code of what is wrong, or the action."""
    return [row.get("code") or row["action"] for row in answer["results"]]


async def test_a_table_becomes_records_and_bad_rows_say_why(ann: Person, acme: str) -> None:
    text = (
        "Subject;status;customer;due_on;hours;opened_at\r\n"
        "One A;Waiting for the customer;Acme Imports;31.12.2027;1.234,5;2026-03-05 14:30\r\n"
        f"One B;OPEN;{acme};1.2.2027;,5;\r\n"
        "One C;opn;Nobody & Co;;x;\r\n"
        "One D;closed;Acme Imports;;;\r\n"
        ";;Hidden & Sons;;;\r\n"
    )
    answer = await imported(ann, {"format": "csv", "csv": text})
    assert told(answer) == ["created", "created", "invalid_option", "rule_violation", "reference_not_found"]
    third, fourth, fifth = answer["results"][2:]
    assert [fault["field"] for fault in third["errors"]] == ["status", "customer", "hours"]
    assert third["hint"] == "Did you mean `Open`?"
    assert fourth["error"] == "A closed ticket says how many hours it took."
    assert [fault["code"] for fault in fifth["errors"]] == ["reference_not_found", "required"]
    assert fifth["hint"] == "It is looked for by its `id` or `name`, among the records that you may see."
    assert answer["detected"]["separator"] == ";"
    one, two = await listed(ann, "One ")
    assert [(record["id"], record["customer"]) for record in (one, two)] == [
        (row["id"], acme) for row in answer["results"][:2]
    ]
    assert (one["status"], one["due_on"], one["hours"]) == ("waiting", "2027-12-31", 1234.5)
    assert (one["opened_at"], two["hours"]) == ("2026-03-05T14:30:00.000Z", 0.5)
    assert (two["due_on"], two["priority"]) == ("2027-02-01", "normal")


async def test_what_one_does_not_see_is_not_there_and_makes_nothing_ambiguous(
    ann: Person, admin: Person, acme: str
) -> None:
    hidden = await admin.make("ticket", subject="Two of the name", customer=acme)
    absent = [{"body": "x", "ticket": name} for name in ("Two of the name", "Two of nobody", hidden["id"])]
    answer = await imported(ann, {"rows": absent}, COMMENTS)
    texts = [{**row, "row": 0} for row in answer["results"]]
    assert texts[0] == texts[1] == texts[2]
    assert texts[0]["code"] == "reference_not_found"
    own = await ann.make("ticket", subject="Two of the name", customer=acme)
    answer = await imported(ann, {"rows": absent[:1]}, COMMENTS)
    assert told(answer) == ["created"]
    comment = decoded(await ann.get(f"{DATA}/comment/{answer['results'][0]['id']}"))
    assert comment["ticket"] == own["id"]
    answer = await imported(admin, {"rows": absent}, COMMENTS)
    assert told(answer) == ["reference_ambiguous", "reference_not_found", "created"]


async def test_columns_are_refused_as_the_fields_of_a_body_are(ann: Person, acme: str) -> None:
    def rows(**values: Any) -> dict[str, Any]:
        return {"rows": [{"subject": "Three", "customer": acme, **values}]}

    for name, message in (
        ("internal_rating", "No field `internal_rating` on `ticket`."),
        ("Internal rating", "No field `Internal rating` on `ticket`."),
        ("nonsense", "No field `nonsense` on `ticket`."),
        ("number", "Number is read-only"),
        ("created_at", "Created is set by the system"),
    ):
        refused = error_of(await ann.ask("POST", TICKETS, rows(**{name: "1"})), 400, "VALIDATION_ERROR")
        assert [fault["message"] for fault in refused["details"]["fields"]] == [message]
    for field in ("customer.credit_limit", "customer.nonsense"):
        answer = await ann.ask("POST", TICKETS, {"rows": [{"subject": "Three", field: "1"}]})
        assert error_of(answer, 400, "VALIDATION_ERROR")["message"].endswith(f"not found by `{field.split('.')[1]}`.")
    refused = error_of(await ann.ask("POST", CUSTOMERS, {"rows": [{"name": "x"}]}), 403, "PERMISSION_DENIED")
    assert refused["details"]["permission"] == "customer:create"
    assert await listed(ann, "Three") == []


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "rows"),
        ({"csv": "a\n1", "rows": []}, "csv"),
        ({"csv": "a\n1", "format": "rows"}, "format"),
        ({"csv": ""}, "csv"),
        ({"rows": [{"subject": "x"}], "mapping": {"Subject": "subject"}}, "mapping.Subject"),
        ({"rows": [{"a": 1, "b": 2}], "mapping": {"a": "subject", "b": "subject"}}, "mapping"),
        ({"rows": [{"a": 1}], "mapping": {"a": None}}, "mapping"),
        ({"rows": [{"subject": "x"}], "writeMode": "update"}, "matchFields"),
        ({"rows": [{"subject": "x"}], "matchFields": ["subject"]}, "matchFields"),
        ({"rows": [{"subject": "x"}], "writeMode": "update", "matchFields": ["number"]}, "matchFields"),
        ({"rows": [{"overdue": "x"}], "writeMode": "update", "matchFields": ["overdue"]}, "matchFields"),
        ({"rows": [{"subject": "x"}], "createMissingOptions": True}, "createMissingOptions"),
        ({"rows": [{"subject": "x"}], "runAutomations": False}, "runAutomations"),
        (
            {
                "rows": [{"due_on": "x"}],
                "mapping": [{"sourceField": "due_on", "targetField": "due_on", "transform": "date_format"}],
            },
            "mapping.due_on",
        ),
        (
            {
                "rows": [{"subject": "x"}],
                "mapping": [{"sourceField": "subject", "targetField": "subject", "transform": "lookup"}],
            },
            "mapping.subject",
        ),
    ],
)
async def test_what_cannot_be_imported_is_refused_with_its_place(ann: Person, body: dict[str, Any], path: str) -> None:
    refused = error_of(await ann.ask("POST", TICKETS, body), 400, "VALIDATION_ERROR")
    assert refused["details"]["path"] == path
    assert refused["details"]["reason"] == "INVALID_IMPORT"


async def test_unknown_keys_and_too_many_rows_are_refused(ann: Person, acme: str) -> None:
    refused = error_of(await ann.ask("POST", TICKETS, {"rows": [], "dryrun": True}), 400, "VALIDATION_ERROR")
    assert refused["details"]["fields"][0]["message"] == "Unknown field `dryrun`. Did you mean `dryRun`?"
    many = [{"subject": "Four", "customer": acme}] * 5001
    refused = error_of(await ann.ask("POST", TICKETS, {"rows": many}), 413, "PAYLOAD_TOO_LARGE")
    assert refused["details"]["limit"] == 5000
    assert await listed(ann, "Four") == []
    done = {"rows": [{"subject": "Four", "customer": acme}], "runAutomations": True, "createMissingOptions": False}
    assert told(await imported(ann, done)) == ["created"]


@pytest.mark.parametrize("by", ["body", "parameter"])
async def test_a_dry_import_tells_what_the_real_one_does(ann: Person, acme: str, by: str) -> None:
    rows = [{"subject": f"Five {by} {at}", "customer": acme, "hours": hours} for at, hours in enumerate((1, -1, 2))]
    body: dict[str, Any] = {"rows": rows}
    dry = await imported(ann, {**body, "dryRun": True}) if by == "body" else None
    dry = dry or await imported(ann, body, params={"dryRun": "true"})
    assert await listed(ann, f"Five {by}") == []
    real = await imported(ann, body)
    for answer in (dry, real):
        for row in answer["results"]:
            row.pop("id", None)
    assert (dry.pop("dryRun"), real.pop("dryRun")) == (True, False)
    assert dry == real
    assert told(real) == ["created", "min_value", "created"]


async def test_an_atomic_import_is_all_or_nothing(ann: Person, acme: str) -> None:
    rows = [{"subject": "Six A", "customer": acme}, {"subject": "Six B", "customer": acme, "status": "closed"}]
    answer = await imported(ann, {"rows": rows}, params={"atomic": "true"})
    assert told(answer) == ["ROLLED_BACK", "rule_violation"]
    assert (answer["ok"], answer["created"], await listed(ann, "Six")) == (0, 0, [])
    assert told(await imported(ann, {"rows": rows[:1]}, params={"atomic": "true"})) == ["created"]


async def test_records_are_found_by_match_fields_and_changed_or_made(ann: Person, acme: str) -> None:
    await imported(ann, {"rows": [{"subject": f"Seven {name}", "customer": acme, "hours": 1} for name in "ABBC"]})
    changes = [
        {"subject": "Seven A", "hours": "2", "due_on": None},
        {"subject": "Seven B", "hours": 3},
        {"subject": "Seven D", "hours": 4},
        {"subject": "", "hours": 5},
        {"subject": "Seven A", "priority": "Urgent"},
        {"subject": "Seven C", "status": "closed", "hours": None},
    ]
    body = {"rows": changes, "writeMode": "update", "matchFields": ["subject"]}
    answer = await imported(ann, body)
    assert told(answer) == ["updated", "AMBIGUOUS_MATCH", "NO_MATCH", "BLANK_MATCH_KEY", "updated", "rule_violation"]
    assert (answer["updated"], answer["skipped"], answer["errors"]) == (2, 2, 2)
    found = {record["subject"]: record for record in await listed(ann, "Seven A")}["Seven A"]
    assert (found["hours"], found["priority"], found["version"]) == (2, "urgent", 3)
    upsert = {
        "rows": [{"subject": f"Seven {name}", "customer": acme, "hours": 9} for name in "CED"],
        "writeMode": "upsert",
        "matchFields": ["subject", "customer"],
    }
    assert told(await imported(ann, upsert)) == ["updated", "created", "created"]
    blank = {"rows": [{"subject": "", "customer": acme}], "writeMode": "upsert", "matchFields": ["subject"]}
    assert told(await imported(ann, {**blank, "skipBlankMatchKey": True})) == ["BLANK_MATCH_KEY"]
    assert told(await imported(ann, blank)) == ["required"]


async def test_one_changes_by_an_import_what_one_may_change_alone(ann: Person, admin: Person, acme: str) -> None:
    mine = await ann.make("ticket", subject="Eight A", customer=acme)
    closed = await ann.make("ticket", subject="Eight B", customer=acme, status="closed", hours=1)
    others = await admin.make("ticket", subject="Eight C", customer=acme)
    rows = [{"id": each, "hours": 7} for each in (mine["id"], closed["id"], others["id"], "01ARZ3NDEKTSV4RRFFQ69G5FAV")]
    answer = await imported(ann, {"rows": rows, "writeMode": "update", "matchFields": ["id"]})
    assert told(answer) == ["updated", "PERMISSION_DENIED", "NO_MATCH", "NO_MATCH"]
    invisible, absent = ({**row, "row": 0} for row in answer["results"][2:])
    assert invisible == absent
    assert [record["hours"] for record in await listed(admin, "Eight")] == [7, 1, None]


async def test_an_import_under_a_key_is_done_once(ann: Person, acme: str) -> None:
    body = {"rows": [{"subject": "Nine A", "customer": acme}, {"subject": "Nine B", "customer": acme, "hours": "x"}]}
    headers = {"Idempotency-Key": "import of nine"}
    first = await imported(ann, body, headers=headers)
    again = await ann.ask("POST", TICKETS, body, headers=headers)
    assert decoded(again) == first
    assert again.headers["idempotency-replayed"] == "true"
    assert len(await listed(ann, "Nine")) == 1
    body["rows"].append({"subject": "Nine C"})
    error_of(await ann.ask("POST", TICKETS, body, headers=headers), 409, "IDEMPOTENCY_KEY_REUSED")


async def test_a_mapping_says_where_columns_go_and_how_they_are_read(ann: Person, acme: str) -> None:
    text = "Betreff,Kunde,Frist,Dauer,Egal\nten a, Acme Imports ,02/03/2027,n/a,x\n ,Acme Imports,,,y\n"
    mapping = [
        {"sourceField": "Betreff", "targetField": "subject", "transform": "uppercase", "required": True},
        {"sourceField": "Kunde", "targetField": "customer", "transform": "lookup"},
        {"sourceField": "Frist", "targetField": "due_on", "dateFormat": "mdy"},
        {"sourceField": "Dauer", "targetField": "hours", "defaultValue": "1,5", "decimalMark": ","},
    ]
    answer = await imported(ann, {"csv": text, "mapping": mapping, "nullValues": ["n/a"]})
    assert (told(answer), answer["ignoredColumns"]) == (["created", "required"], ["Egal"])
    assert answer["results"][1]["hint"] == "Fill in the column `Betreff`, or give it a `defaultValue`."
    (record,) = await listed(ann, "TEN")
    assert (record["due_on"], record["hours"]) == ("2027-02-03", None)
    ambiguous = await imported(
        ann, {"csv": text, "mapping": {"Betreff": "subject", "Kunde": "customer", "Frist": "due_on"}}
    )
    assert ambiguous["results"][0]["code"] == "invalid_date"
    assert ambiguous["results"][0]["error"] == "Due on can be read in two ways: `02/03/2027`"


async def test_a_clash_names_the_key_and_how_it_becomes_a_change(admin: Person, acme: str) -> None:
    rows = [
        {"name": f"Eleven {at}", "customer": "Acme Imports", "email": f"{at % 2}@Eleven.example"} for at in range(4)
    ]
    answer = await imported(admin, {"rows": rows}, CONTACTS)
    assert told(answer) == ["created", "created", "UNIQUE_VIOLATION", "UNIQUE_VIOLATION"]
    clash = answer["results"][2]
    assert clash["field"] == "email"
    assert clash["hint"] == "With `writeMode: upsert` and `matchFields: [email]` it is changed instead."
    again = {"rows": rows, "writeMode": "upsert", "matchFields": ["email"]}
    assert told(await imported(admin, again, CONTACTS)) == ["updated"] * 4


async def test_a_thousand_rows_with_rules_and_lookups_take_few_statements(
    admin: Person, acme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = noted_statements(monkeypatch, outside=True)
    rows = [{"name": f"Twelve {at}", "customer": "Acme Imports", "email": f"{at}@twelve.example"} for at in range(1000)]
    assert (await imported(admin, {"rows": rows}, CONTACTS))["created"] == 1000
    assert 4 <= len(texts) < 60
