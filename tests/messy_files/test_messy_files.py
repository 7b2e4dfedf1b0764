"""Messy files over HTTP: an answer for each row or one clear refusal, nothing half done, and no more memory than a file may take."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import yaml

from fieldstone.settings import Limits, Settings
from tests.query.memory import within_bytes
from tests.services.imports.workbooks import DOCUMENT_TYPE, SHEET, changed, lying, row_xml, workbook, zeros
from tests.surfaces.running import ADMIN, DATA, Person, decoded, error_of, running

pytestmark = pytest.mark.asyncio(loop_scope="module")
CASES: dict[str, dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "cases.yaml").read_text(encoding="utf-8"))
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MEGABYTE = 1024 * 1024
MOST_MEMORY = 150 * MEGABYTE
FILES = {
    "package.yaml": "name: store\nlabel: Store\nversion: 0.1.0\n",
    "maker.object.yaml": "name: maker\nnameField: name\nfields:\n  name: {type: text, required: true}\n",
    "part.object.yaml": (
        "name: part\nfields:\n  code: {type: text, unique: true}\n  title: {type: text, required: true}\n"
        "  price: {type: number, scale: 3}\n  due: {type: date}\n  maker: {type: lookup, reference: maker}\n"
    ),
}


def entities(xml: bytes) -> bytes:
    return xml.replace(b"<worksheet", DOCUMENT_TYPE + b"<worksheet", 1)


def made(name: str) -> bytes:
    """Returns a file that is too large, or too mean, to be written down."""
    plain = workbook([["code", "title"], ["a", "x"]])
    match name:
        case "rows":
            return b"code,title\n" + b"".join(b"r%d,x\n" % number for number in range(5001))
        case "columns":
            return b"," * 9_999_999
        case "cell":
            return b'code,title\na,"' + b"x\n" * 2_000_000
        case "bomb":
            return changed(plain, {}, {"xl/media/x.bin": bytes(200 * MEGABYTE)})
        case "lying bomb":
            return lying(changed(plain, {}, {"xl/x.xml": zeros(60)}))
        case "entities":
            return changed(plain, {SHEET: entities})
        case _:
            return changed(plain, {SHEET: row_xml('<c r="XFD3"><v>1</v></c>', number=3)})


def content_of(case: Mapping[str, Any]) -> tuple[bytes, str]:
    """Returns the bytes of a file and its media type."""
    if "sheets" in case:
        return workbook(*case["sheets"]), case.get("media", WORKBOOK)
    if "made" in case:
        content = made(case["made"])
        return content, WORKBOOK if content.startswith(b"PK") else "text/csv"
    content = bytes.fromhex(case["hex"]) if "hex" in case else case["text"].encode(case.get("encoding", "utf-8"))
    return content, case.get("media", "text/csv")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def admin(module_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Person]:
    """The administrator of an app with parts, one of whose makers is Acme."""
    app = tmp_path_factory.mktemp("messy")
    (app / "store").mkdir()
    (app / "app.yaml").write_text("name: store_app\npackages: [./store]\nsurfaces: {apis: [v1]}\n")
    for name, text in FILES.items():
        (app / "store" / name).write_text(text)
    async with running(app, module_url, Settings(limits=Limits(sign_ins=10_000))) as world:
        person = await world.person(ADMIN)
        await person.make("maker", name="Acme")
        yield person


@pytest.mark.parametrize("name", CASES)
async def test_a_messy_file_is_answered_row_by_row_or_refused_once(admin: Person, name: str) -> None:
    case = CASES[name]
    content, media = content_of(case)
    with within_bytes(MOST_MEMORY):
        answer = await admin.ask(
            "POST",
            f"{DATA}/part/import",
            content=content,
            params=case.get("asked", {}),
            headers={"Content-Type": media},
        )
    parts = decoded(await admin.get(f"{DATA}/part"))["items"]
    for part in parts:
        assert (await admin.ask("DELETE", f"{DATA}/part/{part['id']}")).status_code == 200
    kept = {part["code"]: part["title"] for part in parts}
    if "refused" in case:
        status, _, says = case["refused"].partition(" ")
        code = "PAYLOAD_TOO_LARGE" if status == "413" else "VALIDATION_ERROR"
        assert error_of(answer, int(status), code)["message"].startswith(says)
        assert kept == {}
        return
    assert answer.status_code == 200, answer.text
    results = decoded(answer)["results"]
    assert [row["row"] for row in results] == list(range(1, len(results) + 1))
    assert [_told(row) for row in results] == case["rows"]
    assert kept == case["kept"]
    assert all(row.get("error") for row in results if not row["ok"])


def _told(row: Mapping[str, Any]) -> str:
    return " ".join(filter(None, (row.get("code") or row["action"], row.get("field"))))
