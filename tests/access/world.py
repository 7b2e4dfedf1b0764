"""The world of a case, written to a folder: an app with the case's declarations, served natively and by a second dialect.

The second dialect differs from the native surface in every part that can differ. It has a list with a parameter for each field, and
open routes that take anonymous callers.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from fieldstone.registry.layout import checkout
from tests.access.case import Case

SECOND = "second"
HEADER = "X-Second-Key"
READ, WRITE = "records:read", "records:write"
_SYSTEM_FIELDS = ("id", "created_by", "version")
_NO_PARAMETER = frozenset({"json", "multiselect", "password"})


def write_world(case: Case, folder: Path) -> Path:
    """Writes the app of a case into an empty folder and returns the folder."""
    shelf = (checkout() or Path()) / "packages"
    packages = ["./world", *(str(shelf / name) for name in case.packages)]
    _write(folder / "app.yaml", {"name": case.name, "packages": packages, "surfaces": {"apis": ["v1", SECOND]}})
    world = folder / "world"
    _write(world / "package.yaml", {"name": "world", "dependencies": list(case.packages)})
    for name, declared in case.objects.items():
        _write(world / f"{name}.object.yaml", {"name": name, **declared})
    for name, declared in case.sets.items():
        _write(world / f"{name}.permission.yaml", {"name": name, **declared})
    _write(world / f"{SECOND}.api.yaml", second_dialect(case.objects))
    return folder


def second_dialect(objects: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Returns the declaration of the second surface."""
    read, write, one = {"scopes": [READ]}, {"scopes": [WRITE]}, "/records/{object}/{id}"
    return {
        "name": SECOND,
        "basePath": "/second/v3",
        "auth": [{"scheme": "api_key_header", "header": HEADER}],
        "envelope": "data",
        "errors": "flat",
        "queries": "mapped",
        "idents": "prefixed",
        "pager": {"style": "cursor", "limit": "page_size", "cursor": "after", "defaultLimit": 2},
        "objects": {name: {"idPrefix": f"p{number}_"} for number, name in enumerate((*objects, "sys_user"))},
        "operations": [
            {"id": "list", "method": "GET", "path": "/records/{object}", "operation": "list", **read},
            {"id": "get", "method": "GET", "path": one, "operation": "get", **read},
            {"id": "create", "method": "POST", "path": "/records/{object}", "operation": "create", **write},
            {"id": "update", "method": "PUT", "path": one, "operation": "update", **write},
            {"id": "delete", "method": "DELETE", "path": one, "operation": "delete", **write},
            {"id": "batch", "method": "POST", "path": "/records/{object}/many", "operation": "batch", **write},
            {"id": "open_get", "method": "GET", "path": "/open/{object}/{id}", "operation": "get", "public": True},
            {"id": "open_list", "method": "GET", "path": "/open/{object}", "operation": "list", "public": True},
            {"id": "describe", "method": "GET", "path": "/openapi.json", "handler": "openapi.document", **read},
            *_filtered_lists(objects),
        ],
    }


def _filtered_lists(objects: Mapping[str, Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yields a list for each object whose parameters do not show, by their names, which field they filter by."""
    for name, declared in objects.items():
        if "list" not in declared.get("apiMethods", ["list"]) or not declared.get("apiEnabled", True):
            continue
        fields = [field for field, options in declared["fields"].items() if options["type"] not in _NO_PARAMETER]
        yield {
            "id": f"list_{name}",
            "method": "GET",
            "path": f"/lists/{name}",
            "operation": "list",
            "object": name,
            "scopes": [READ],
            **(
                {"search": "words"} if any(options.get("searchable") for options in declared["fields"].values()) else {}
            ),
            "parameters": {
                f"f{number}": {"field": field, "description": f"Parameter {number}."}
                for number, field in enumerate((*_SYSTEM_FIELDS, *fields))
            },
        }


def _write(path: Path, document: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(dict(document), sort_keys=False, allow_unicode=True), encoding="utf-8")
