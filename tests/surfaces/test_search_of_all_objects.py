"""`GET /search`: the best records of all objects, with titles, snippets and scores, as whoever asks sees them (contract 9.4)."""

from typing import Any

import pytest
import pytest_asyncio

from tests.surfaces.running import Person, World, decoded, error_of

pytestmark = pytest.mark.asyncio(loop_scope="session")
SEARCH = "/api/v1/search"
LONG = f"{'So many words before it. ' * 20}Then the Xylofon breaks, {'and many more behind it ' * 20}"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def filled(admin: Person, ann: Person) -> dict[str, str]:
    """Makes a customer, three tickets of ann with a comment, and one that she does not see; returns ids by a short name."""
    customer = (await admin.make("customer", name="Xylofonbau Ost"))["id"]
    mine = [
        (await ann.make("ticket", subject=subject, customer=customer, **more))["id"]
        for subject, more in (
            ("Xylofon", {}),
            ("A broken xylofon", {}),
            ("Another thing", {"description": LONG}),
        )
    ]
    comment = (await ann.make("comment", ticket=mine[0], body="Xylofone are not kept in stock"))["id"]
    other = (await admin.make("ticket", subject="Xylofon, not ann's", customer=customer, internal_rating=3))["id"]
    return {
        "customer": customer,
        "exact": mine[0],
        "within": mine[1],
        "body": mine[2],
        "comment": comment,
        "other": other,
    }


async def found(person: Person, **parameters: str) -> dict[str, Any]:
    """Returns the answer of a search."""
    answer = await person.get(SEARCH, params=parameters)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = decoded(answer)
    assert body["hits"] == body["items"]
    assert body["query"] == parameters.get("q", "")
    return body


async def test_the_best_records_of_all_objects_come_first(filled: dict[str, str], ann: Person) -> None:
    answer = await found(ann, q="xylofon")
    assert [(item["object"], item["id"], item["score"]) for item in answer["items"]] == [
        ("ticket", filled["exact"], 1.0),
        ("customer", filled["customer"], 0.833),
        ("ticket", filled["within"], 0.667),
        ("ticket", filled["body"], 0.333),
        ("comment", filled["comment"], 0.167),
    ]
    assert (answer["total"], answer["truncated"]) == (5, False)
    titles = [item["title"] for item in answer["items"]]
    assert titles[:4] == ["Xylofon", "Xylofonbau Ost", "A broken xylofon", "Another thing"]
    assert titles[4] == "Xylofone are not kept in stock"


async def test_a_snippet_is_the_text_around_the_first_word(filled: dict[str, str], ann: Person) -> None:
    items = (await found(ann, q="XYLOFON", object="ticket"))["items"]
    by_id = {item["id"]: item["snippet"] for item in items}
    assert by_id[filled["exact"]] is None
    snippet = by_id[filled["body"]]
    assert "Then the Xylofon breaks, and many" in snippet
    assert (snippet[0], snippet[-1]) == ("…", "…")
    assert len(snippet) <= 162


async def test_a_hit_holds_the_record_as_the_caller_reads_it(
    filled: dict[str, str], ann: Person, admin: Person
) -> None:
    (item,) = (await found(ann, q="broken xylofon"))["items"]
    assert item["record"] == decoded(await ann.get(f"/api/v1/data/ticket/{filled['within']}"))
    assert "internal_rating" not in item["record"]
    everything = await found(admin, q="xylofon", object="ticket")
    assert filled["other"] in {item["id"] for item in everything["items"]}
    assert everything["total"] == 4
    assert "internal_rating" in everything["items"][0]["record"]


async def test_phrases_prefixes_and_several_words(filled: dict[str, str], ann: Person) -> None:
    for text, names in (
        ("xylo", {"exact", "customer", "within", "body", "comment"}),
        ('"broken xylofon"', {"within"}),
        ('"xylofon broken"', set()),
        ("xylofon break", {"body"}),
        ("XYLOFON not kept", {"comment"}),
        ("ylofon", set()),
        ("", set()),
        ("?!", set()),
    ):
        assert {item["id"] for item in (await found(ann, q=text))["items"]} == {filled[name] for name in names}
    assert (await found(ann))["total"] == 0


@pytest.mark.usefixtures("filled")
async def test_how_much_is_answered_and_that_there_is_more(ann: Person) -> None:
    assert [item["object"] for item in (await found(ann, q="xylofon", perObject="1"))["items"]] == [
        "ticket",
        "customer",
        "comment",
    ]
    few = await found(ann, q="xylofon", limit="2")
    assert (len(few["items"]), few["total"], few["truncated"]) == (2, 5, True)
    some = await found(ann, q="xylofon", objects="ticket,comment,ticket")
    assert (len(some["items"]), some["truncated"]) == (4, False)
    assert (await found(ann, q="xylofon", objects="comment", limit="1000"))["total"] == 1


@pytest.mark.usefixtures("filled")
async def test_what_cannot_be_searched_is_refused(ann: Person, world: World) -> None:
    error_of(await world.nobody.get(SEARCH, params={"q": "a"}), 401, "UNAUTHENTICATED")
    error_of(await ann.get(SEARCH, params={"q": "a", "object": "tickt"}), 404, "NOT_FOUND")
    error_of(await ann.get(SEARCH, params={"q": "a", "objects": "ticket,"}), 404, "NOT_FOUND")
    error_of(await ann.get(SEARCH, params={"q": "a", "object": "sys_epoch"}), 404, "NOT_FOUND")
    for parameters, path in (
        ({"q": "a", "limit": "0"}, "limit"),
        ({"q": "a", "limit": "-1"}, "limit"),
        ({"q": "a", "perObject": "many"}, "perObject"),
        ({"q": "a", "object": "ticket", "objects": "ticket"}, "object"),
        ({"q": "a", "querry": "b"}, "querry"),
        ({"q": " ".join("abcdefghijklmnopqrstu")}, "q"),
        ({"q": "a" * 2000}, "q"),
        ({"q": "a\0"}, "q"),
    ):
        error = error_of(await ann.get(SEARCH, params=parameters), 400, "VALIDATION_ERROR")
        assert error["details"]["path"] == path
