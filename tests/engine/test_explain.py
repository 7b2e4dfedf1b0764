"""Explaining a query: its shape, its statements and the rules behind it, for those who may, and nothing that it would answer."""

import msgspec
import pytest

from fieldstone.access.caller import SYSTEM, Caller
from fieldstone.engine.operation import Aggregate, Explain, Read
from fieldstone.engine.outcome import Explanation
from fieldstone.errors import Invalid, NotFound, PermissionDenied
from fieldstone.query.document import QueryDocument
from tests.engine.office import Office

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def explain(office: Office, caller: Caller, object_name: str, document: QueryDocument) -> Explanation:
    """Returns the explanation of a query."""
    asked = Aggregate(object_name, document) if document.asks_for_groups else Read(object_name, document)
    outcome = await office.door.execute(Explain(asked), caller)
    assert isinstance(outcome, Explanation)
    return outcome


def told(explanation: Explanation) -> list[tuple[str, str, str | None, str]]:
    """Returns the rules of an explanation with the names of their files."""
    return [
        (rule.object, rule.rule, rule.permission_set, rule.place.rpartition("/")[2].partition(":")[0])
        for rule in explanation.rules
    ]


async def test_a_query_is_told_without_its_values(office: Office) -> None:
    ann = office.caller("ann", "note_overseer", "public_worker", "query_explainer")
    document = QueryDocument(
        where={"title": {"$contains": "Tuesday"}, "wiki.region": "Wednesday", "$not": {"price": 4711}},
        order_by="-wiki.title,title",
        fields=["title"],
        search="Thursday",
        expand=["wiki"],
    )
    explanation = await explain(office, ann, "note", document)
    shape = explanation.shape
    assert (shape["object"], shape["fields"], shape["orderBy"]) == (
        "note",
        ["title", "wiki"],
        ["-wiki.title", "title", "id"],
    )
    assert {"title": {"$contains": "?"}} in shape["where"]["$and"]
    assert {"$search": {"terms": 1, "fields": ["title", "secret"]}} in shape["where"]["$and"]
    assert [each.purpose for each in explanation.statements] == ["page", "count", "expand wiki"]
    for each in explanation.statements:
        assert each.sql.startswith("SELECT")
        assert each.plan
        assert each.estimated_rows >= 0
        assert set(each.binds) <= {"text", "integer", "decimal", "list", "null", "boolean"}
    text = msgspec.json.encode(explanation).decode()
    assert not [word for word in ("Tuesday", "Wednesday", "4711", "hursday", ann.id) if str(word) in text]


async def test_the_rules_are_told_with_their_sets_and_places(office: Office) -> None:
    clerk = office.caller("ann", "note_clerk", "query_explainer")
    explanation = await explain(office, clerk, "note", QueryDocument())
    assert told(explanation) == [
        ("note", "organization_wall", None, "note.object.yaml"),
        ("note", "sharing:private", "note_clerk", "note.object.yaml"),
        ("note", "above_one", "note_clerk", "note_clerk.permission.yaml"),
    ]
    assert explanation.rules[2].place == "office/permissions/note_clerk.permission.yaml:9"
    both = office.caller("ann", "note_clerk", "note_overseer", "query_explainer")
    assert ("note", "all_records", "note_overseer", "note_overseer.permission.yaml") in told(
        await explain(office, both, "note", QueryDocument())
    )
    step = office.caller("ann", "project_worker", "query_explainer")
    assert [rule[:2] for rule in told(await explain(office, step, "step", QueryDocument()))] == [
        ("step", "organization_wall"),
        ("step", "sharing:controlled_by_parent"),
        ("task", "organization_wall"),
        ("task", "sharing:controlled_by_parent"),
        ("project", "organization_wall"),
        ("project", "sharing:private"),
    ]
    assert (await explain(office, SYSTEM, "note", QueryDocument())).rules == ()


async def test_groups_are_explained_as_well(office: Office) -> None:
    ann = office.caller("ann", "note_reader", "query_explainer")
    document = QueryDocument(group_by=["state"], aggregations=[{"function": "count", "alias": "n"}], where={"level": 3})
    explanation = await explain(office, ann, "note", document)
    assert (explanation.shape["groups"], explanation.shape["measures"]) == (["state"], ["n"])
    assert explanation.shape["where"] == {"level": {"$eq": "?"}}
    assert "GROUP BY" in explanation.statements[0].sql


async def test_without_the_capability_nothing_is_told(office: Office) -> None:
    for name in ("note_reader", "note_overseer", "note_clerk"):
        with pytest.raises(PermissionDenied) as refused:
            await explain(office, office.caller("ann", name), "note", QueryDocument())
        assert refused.value.details["permission"] == "query:explain"
    holder = office.caller("ann", "query_explainer")
    with pytest.raises(PermissionDenied) as refused:
        await explain(office, holder, "note", QueryDocument())
    assert refused.value.details["permission"] == "note:read"
    with pytest.raises(NotFound):
        await explain(office, holder, "engine_room", QueryDocument())
    assert (await explain(office, office.caller("ann", "admin_full_access"), "note", QueryDocument())).statements


async def test_an_explanation_names_no_more_than_the_query_could(office: Office) -> None:
    clerk = office.caller("ann", "note_clerk", "query_explainer")
    messages = set()
    for name in ("secret", "sekret"):
        for document in (QueryDocument(where={name: "x"}), QueryDocument(fields=[name]), QueryDocument(order_by=name)):
            with pytest.raises(Invalid) as refused:
                await explain(office, clerk, "note", document)
            messages.add(refused.value.message.replace(name, "x"))
    assert messages == {"No field `x` on `note`."}
    assert "secret" not in msgspec.json.encode(await explain(office, clerk, "note", QueryDocument())).decode()
