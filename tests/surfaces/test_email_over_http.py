"""`POST /email/send` over HTTP (contract 9.6): who may, what is refused, and what leaves."""

import base64
from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from fieldstone.access.caller import SYSTEM
from fieldstone.app_catalog import load_catalog
from fieldstone.engine.operation import SendMail
from fieldstone.errors import DeclarationError
from fieldstone.settings import Limits, Settings
from tests.databases import sqlite_address
from tests.surfaces.mails import all_sent, mails
from tests.surfaces.running import ADMIN, DATA, WORLD, Person, World, error_of, running

pytestmark = pytest.mark.asyncio(loop_scope="module")
SEND = "/api/v1/email/send"
PLAIN = {"to": "ann@example.org", "subject": "Hello", "text": "How are you?"}
GREETING = """
name: greeting
values: [name, count]
subject: "Hello {{name}}"
text: "{{name}} has {{count}}."
html: "<p>{{name}}</p>"
locales: {de: {subject: "Guten Tag {{name}}", text: "{{name}} hat {{count}}."}}
"""
SETTINGS = Settings(
    limits=Limits(sign_ins=10_000, mails=200, mail_recipients=4),
    mail_from="The desk <desk@app.example>",
    mail_domains="other.example, third.example",
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def office(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """The world with a template of its own, and mails that go to a folder."""
    app = mail_app(tmp_path_factory.mktemp("mail"))
    async with running(app, sqlite_address(app / "mail.db"), SETTINGS) as world:
        yield world


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def admin(office: World) -> Person:
    return await office.person(ADMIN)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ann(office: World, admin: Person) -> Person:
    """An agent who may send mails."""
    users = (await admin.get(f"{DATA}/sys_user?email=ann@world.example")).json()["items"]
    await admin.make("sys_user_permission_set", user_id=users[0]["id"], permission_set="mailer")
    return await office.person("ann@world.example")


def mail_app(folder: Path) -> Path:
    """Writes an app like the world's, with a template and a permission to send mails, and returns its folder."""
    text = (WORLD / "app.yaml").read_text(encoding="utf-8").replace("./", f"{WORLD}/")
    letters = folder / "letters"
    letters.mkdir()
    (folder / "app.yaml").write_text(text.replace("packages: [", "packages: [./letters, "), encoding="utf-8")
    (letters / "package.yaml").write_text("name: letters\n", encoding="utf-8")
    (letters / "greeting.email_template.yaml").write_text(GREETING, encoding="utf-8")
    permission = "name: mailer\nsystemPermissions: ['email:send']\n"
    (letters / "mailer.permission.yaml").write_text(permission, encoding="utf-8")
    return folder


async def sent(office: World, answer: httpx.Response) -> EmailMessage:
    """Returns the mail that an answer speaks of, as it lies in the folder."""
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert (body.keys(), body["status"]) == ({"id", "status"}, "queued")
    return (await mails(office))[body["id"]]


async def test_only_who_may_send_mails_sends_them(office: World, ann: Person) -> None:
    mia = await office.person("mia@world.example")
    error = error_of(await mia.ask("POST", SEND, PLAIN), 403, "PERMISSION_DENIED")
    assert error["details"]["permission"] == "email:send"
    error_of(await office.nobody.ask("POST", SEND, PLAIN), 401, "UNAUTHENTICATED")
    message = await sent(office, await ann.ask("POST", SEND, PLAIN))
    assert (message["from"], message["to"], message["subject"]) == (
        "The desk <desk@app.example>",
        "ann@example.org",
        "Hello",
    )
    assert message.get_content().strip() == "How are you?"


async def test_a_mail_says_all_that_was_asked(office: World, ann: Person) -> None:
    body = {
        "to": [{"address": "ann@example.org", "name": "Ann"}, "tom@example.org"],
        "cc": "mia@example.org",
        "bcc": ["eva@example.org"],
        "from": {"address": "news@OTHER.example", "name": "News"},
        "replyTo": "answers@anywhere.example",
        "subject": "Both",
        "text": "plain",
        "html": "<p>rich</p>",
        "attachments": [{"filename": "a.csv", "content": base64.b64encode(b"a,b").decode(), "contentType": "text/csv"}],
    }
    message = await sent(office, await ann.ask("POST", SEND, body))
    assert str(message["to"]) == "Ann <ann@example.org>, tom@example.org"
    assert (message["cc"], message["bcc"]) == ("mia@example.org", None)
    assert (str(message["from"]), message["reply-to"]) == ("News <news@OTHER.example>", "answers@anywhere.example")
    (attachment,) = message.iter_attachments()
    assert (attachment.get_filename(), attachment.get_content()) == ("a.csv", "a,b")


async def test_the_audit_log_tells_who_sent_a_mail_to_how_many_and_nothing_of_what_it_says(
    office: World, admin: Person, ann: Person
) -> None:
    own = PLAIN | {"cc": "mia@example.org", "bcc": ["eva@example.org", "ann@example.org"]}
    filled = {"to": "ann@example.org", "template": "greeting", "data": {"name": "Secret", "count": 7}}
    told = {}
    for body in (own, filled):
        answer = await ann.ask("POST", SEND, body)
        where = {"object_name": "sys_email", "record_id": answer.json()["id"]}
        await sent(office, answer)
        log = await admin.ask("POST", f"{DATA}/sys_audit_log/query", {"where": where})
        (entry,) = log.json()["items"]
        told[str(entry["details"])] = (entry["action"], entry["actor"])
    ann_id = (await ann.get("/api/v1/auth/get-session")).json()["user"]["id"]
    assert told == {
        "{'recipients': 3}": ("email.sent", ann_id),
        "{'template': 'greeting', 'recipients': 1}": ("email.sent", ann_id),
    }


async def test_the_audit_log_tells_nothing_of_mails_that_nobody_sends(office: World, admin: Person) -> None:
    before = (await admin.get(f"{DATA}/sys_audit_log?action=email.sent")).json()["total"]
    post = office.runtime.door.execute
    await post(SendMail("known_address", "ann@world.example", {"name": "Ann", "app": "World"}), SYSTEM)
    assert (await admin.get(f"{DATA}/sys_audit_log?action=email.sent")).json()["total"] == before


async def test_a_template_is_filled_with_what_was_sent_and_nothing_else(office: World, ann: Person) -> None:
    data = {"name": "Ann & <Tom>", "count": 7}
    body = {"to": "ann@example.org", "template": "greeting", "data": data}
    message = await sent(office, await ann.ask("POST", SEND, body))
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert message["subject"] == "Hello Ann & <Tom>"
    assert text is not None
    assert html is not None
    assert text.get_content().strip() == "Ann & <Tom> has 7."
    assert html.get_content().strip() == "<p>Ann &amp; &lt;Tom&gt;</p>"
    german = await sent(office, await ann.ask("POST", SEND, body | {"locale": "de-AT"}))
    assert german["subject"] == "Guten Tag Ann & <Tom>"


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"to"}),
        ({"to": "ann@example.org"}, {"subject"}),
        ({"to": "ann@example.org", "subject": "x"}, {"text"}),
        ({"to": [], "subject": "x", "text": "y"}, {"to"}),
        ({"to": "ann", "subject": "x", "text": "y"}, {"to"}),
        ({"to": 1, "subject": "x", "text": "y", "body": "z"}, {"to", "body"}),
        (PLAIN | {"to": [f"a{number}@example.org" for number in range(5)]}, {"to"}),
        (PLAIN | {"cc": [f"a{number}@example.org" for number in range(4)]}, {"to"}),
        (PLAIN | {"to": [{"address": "ann@example.org", "nam": "x"}]}, {"to"}),
        (PLAIN | {"subject": "x\r\nBcc: eva@example.org"}, {"subject"}),
        (PLAIN | {"to": "ann@example.org\r\nBcc: eva@example.org"}, {"to"}),
        (PLAIN | {"to": [{"address": "ann@example.org", "name": "x\nBcc: eva@example.org"}]}, {"to"}),
        (PLAIN | {"replyTo": "ann@example.org\nX: y"}, {"replyTo"}),
        (PLAIN | {"cc": "x\n@example.org", "bcc": "\r@example.org"}, {"cc", "bcc"}),
        (PLAIN | {"attachments": [{"filename": "a\r\nX: y", "content": ""}]}, {"attachments"}),
        (PLAIN | {"attachments": [{"filename": "a", "content": "no base64!"}]}, {"attachments"}),
        (PLAIN | {"attachments": [{"filename": "a", "content": "", "contentType": "x"}]}, {"attachments"}),
        (PLAIN | {"attachments": [{"filename": "a", "content": ""}] * 21}, {"attachments"}),
        (PLAIN | {"template": "greeting"}, {"subject"}),
        (PLAIN | {"data": {"x": 1}}, {"data"}),
        ({"to": "ann@example.org", "template": "greting"}, {"template"}),
        ({"to": "ann@example.org", "template": "greeting", "data": {"name": "x"}}, {"data.count"}),
        ({"to": "ann@example.org", "template": "greeting", "data": {"name": "x", "count": 1, "z": 1}}, {"data.z"}),
        ({"to": "ann@example.org", "template": "greeting", "data": {"name": [], "count": 1}}, {"data.name"}),
        ({"to": "ann@example.org", "template": "greeting", "data": {"name": "x\nBcc: y", "count": 1}}, {"subject"}),
    ],
)
async def test_what_cannot_be_a_mail_is_refused_and_nothing_leaves(
    office: World, ann: Person, admin: Person, body: dict[str, Any], fields: set[str]
) -> None:
    before = (await admin.get(f"{DATA}/sys_email?limit=1")).json()["total"]
    error = error_of(await ann.ask("POST", SEND, body), 400, "VALIDATION_ERROR")
    assert {fault["field"] for fault in error["details"]["fields"]} == fields
    assert (await admin.get(f"{DATA}/sys_email?limit=1")).json()["total"] == before


async def test_a_mail_comes_from_a_domain_of_this_server(ann: Person) -> None:
    for sender in ("x@evil.example", "x@sub.app.example", {"address": "x@app.example.evil"}):
        error = error_of(await ann.ask("POST", SEND, PLAIN | {"from": sender}), 403, "PERMISSION_DENIED")
        assert error["details"]["domains"] == ["app.example", "other.example", "third.example"]


async def test_an_administrator_sees_what_became_of_mails_and_not_what_they_say(
    office: World, ann: Person, admin: Person
) -> None:
    mail_id = (await ann.ask("POST", SEND, PLAIN)).json()["id"]
    await all_sent(office)
    record = (await admin.get(f"{DATA}/sys_email/{mail_id}")).json()
    assert (record["status"], record["to"], record["attempts"]) == ("sent", "ann@example.org", 1)
    assert "content" not in record
    error_of(await ann.get(f"{DATA}/sys_email/{mail_id}"), 403, "PERMISSION_DENIED")
    error_of(await admin.ask("DELETE", f"{DATA}/sys_email/{mail_id}"), 405, "METHOD_NOT_ALLOWED")
    error_of(await admin.ask("POST", f"{DATA}/sys_email", {"to": "x"}), 405, "METHOD_NOT_ALLOWED")


async def test_the_number_of_mails_a_minute_is_limited_for_each_user(tmp_path: Path) -> None:
    few = Settings(limits=Limits(sign_ins=100, mails=2))
    async with running(mail_app(tmp_path), sqlite_address(tmp_path / "few.db"), few) as world:
        admin = await world.person(ADMIN)
        statuses = [(await admin.ask("POST", SEND, PLAIN)).status_code for _ in range(3)]
        assert statuses == [200, 200, 429]


async def test_where_nothing_sends_mails_the_answer_says_so(tmp_path: Path) -> None:
    bare = Settings(limits=Limits(sign_ins=100), environment="production")
    async with running(mail_app(tmp_path), sqlite_address(tmp_path / "bare.db"), bare) as world:
        admin = await world.person(ADMIN)
        error = error_of(await admin.ask("POST", SEND, PLAIN), 501, "NOT_IMPLEMENTED")
        assert "FIELDSTONE_SMTP_URL" in error["details"]["hint"]


OWN_WORDS = """\
name: reset_password
values: [url]
subject: A new word to get in
text: "Here: {{url}}"
locales:
  de: {subject: Ein neues Kennwort, text: "Hier: {{url}}"}
"""


async def test_a_package_says_a_mail_of_the_platform_in_its_own_words(tmp_path: Path) -> None:
    app = mail_app(tmp_path)
    (app / "letters" / "reset_password.email_template.yaml").write_text(OWN_WORDS, encoding="utf-8")
    async with running(app, sqlite_address(app / "mail.db"), SETTINGS) as world:
        asked = {"email": "mia@world.example"}
        assert (await world.nobody.ask("POST", "/api/v1/auth/forget-password", asked)).status_code == 200
        await world.runtime.room.means.errands.settled()
        (mail,) = (await mails(world)).values()
        assert mail["subject"] == "A new word to get in"
        assert mail.get_content().startswith("Here: http")
        admin = await world.person(ADMIN)
        shown = (await admin.get("/api/v1/meta/email_templates/reset_password")).json()
        assert "A new word to get in" in str(shown)
        assert "Your new password" not in str(shown)


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"a": OWN_WORDS.replace("[url]", "[url, link]") + "html: '{{link}}'\n"}, "gives this mail no `link`"),
        ({"a": "name: reset_password\nvalues: [name]\nsubject: Hi {{name}}\ntext: Hi\n"}, "`url` is not in it"),
        ({"a": OWN_WORDS, "b": OWN_WORDS}, "The email_template `reset_password` is already declared in"),
    ],
)
async def test_words_that_do_not_fit_a_mail_of_the_platform_are_load_faults(
    tmp_path: Path, files: dict[str, str], told: str
) -> None:
    app = mail_app(tmp_path)
    for folder, text in files.items():
        (app / "letters" / folder).mkdir()
        (app / "letters" / folder / "reset_password.email_template.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(DeclarationError) as refused:
        load_catalog(app)
    assert [told in str(fault) for fault in refused.value.faults] == [True], refused.value.faults
