"""Api declarations whose parts do not fit are refused before anything is served."""

import shutil
from pathlib import Path

import pytest

from fieldstone.app_catalog import load_catalog
from fieldstone.errors import DeclarationError
from tests.surfaces.running import WORLD


def _faults(folder: Path, before: str, after: str) -> list[str]:
    app = folder / "world"
    shutil.copytree(WORLD, app)
    declared = app / "partner" / "partner.api.yaml"
    text = declared.read_text()
    assert before in text
    declared.write_text(text.replace(before, after))
    with pytest.raises(DeclarationError) as caught:
        load_catalog(app)
    assert all(fault.place.file.endswith("partner.api.yaml") for fault in caught.value.faults)
    return [fault.message for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (
            "scheme: api_key_header, header: X-Partner-Key",
            "scheme: api_key_header",
            "The auth scheme `api_key_header` needs a `header`.",
        ),
        ("scheme: api_key_header, header", "scheme: bearer, header", "The auth scheme `bearer` takes no `header`."),
        ("style: cursor", "style: objectql", "The pager `objectql` has parameters of its own; they cannot be renamed."),
        ("idents: prefixed", "idents: plain", "Ids are `plain`, so no object has an `idPrefix` on this surface."),
        ("basePath: /partner/v2", "basePath: /api/v1/partner", "`/api/v1/partner` lies within the base path of `v1`."),
        (
            "queries: mapped",
            "queries: objectql",
            "`list_tickets`: `queries: objectql` has a language of its own and no `parameters`.",
        ),
        (
            "{field: hours, operator: lte}",
            "{field: hours, operator: contains}",
            "`list_tickets`: `contains` does not fit `hours`.",
        ),
        ("state: {field", "after: {field", "`list_tickets`: The parameter `after` is the pager's."),
        (
            "path: /tickets/many, operation: batch",
            "path: /tickets/many, operation: query",
            "`write_tickets`: `queries: mapped` has no language for a query's body.",
        ),
        ("search: words", "search: after", "`list_tickets`: The parameter `after` is the pager's."),
        ("search: words", "search: state", "`state` is the name of a parameter that filters already."),
        (
            "    object: contact\n",
            "    object: sys_member\n    search: q\n",
            "`sys_member` has no field that can be searched.",
        ),
        (
            "{id: get_ticket, method",
            "{id: get_ticket, search: q, method",
            "Parameters filter the list of one named object.",
        ),
        ("envelope: data", "envelope: dato", "`dato` is not in the table `envelopes`."),
        (
            "handler: openapi.document",
            "handler: openapi.dokument",
            "`openapi.dokument` is not in the table `handlers`.",
        ),
    ],
)
def test_parts_that_do_not_fit_are_told(tmp_path: Path, before: str, after: str, told: str) -> None:
    assert told in _faults(tmp_path, before, after)
