"""The world of an access case, written to a folder: an app with its declarations, served natively and by a second dialect.

A case is a file of objects, permission sets and a policy test over them. The second dialect differs from the native surface in every part
that can differ. It has a list with a parameter for each field, and open routes that take anonymous callers.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import yaml

from fieldstone.registry.layout import checkout

SECOND = "second"
HEADER = "X-Second-Key"
READ, WRITE = "records:read", "records:write"
_SYSTEM_FIELDS = ("id", "created_by", "version")
_NO_PARAMETER = frozenset({"address", "json", "multiselect", "password"})


class World(msgspec.Struct, frozen=True):
    """What a case declares; `test` is its policy test."""

    packages: tuple[str, ...]
    objects: Mapping[str, Mapping[str, Any]]
    sets: Mapping[str, Mapping[str, Any]]
    test: Mapping[str, Any]


def read_world(text: str) -> World:
    """Returns the world of a case's text; what declares nothing belongs to the policy test."""
    document = yaml.safe_load(text)
    packages = tuple(document.pop("packages", ()))
    objects, sets = document.pop("objects", {}), document.pop("sets", {})
    return World(packages, objects, sets, {"description": document.pop("says"), **document})


def write_world(text: str, folder: Path, name: str) -> Path:
    """Writes the app of a case's text into an empty folder, with a policy test of that name, and returns the folder."""
    world = read_world(text)
    shelf = (checkout() or Path()) / "packages"
    packages = ["./world", *(str(shelf / package) for package in world.packages)]
    _write(folder / "app.yaml", {"name": name, "packages": packages, "surfaces": {"apis": ["v1", SECOND]}})
    files = folder / "world"
    _write(files / "package.yaml", {"name": "world", "dependencies": list(world.packages)})
    for declared, document in world.objects.items():
        _write(files / f"{declared}.object.yaml", {"name": declared, **document})
        columns = [name for name, options in document["fields"].items() if _is_shown(options)]
        if columns:
            _write(files / declared / "all.view.yaml", {"name": "all", "object": declared, "columns": columns})
    for declared, document in world.sets.items():
        _write(files / f"{declared}.permission.yaml", {"name": declared, **document})
    _write(files / f"{name}.policy_test.yaml", {"name": name, **world.test})
    _write(files / f"{SECOND}.api.yaml", second_dialect(world.objects))
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
            {"id": "shares", "method": "GET", "path": f"{one}/given", "operation": "shares", **read},
            {"id": "share", "method": "PUT", "path": f"{one}/given", "operation": "share", **write},
            {"id": "unshare", "method": "DELETE", "path": f"{one}/given/{{share}}", "operation": "unshare", **write},
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


def _is_shown(options: Mapping[str, Any]) -> bool:
    return options["type"] != "password" and not options.get("internal")


def _write(path: Path, document: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(dict(document), sort_keys=False, allow_unicode=True), encoding="utf-8")
