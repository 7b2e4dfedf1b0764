"""What PocketBase is given: collections with the fields and indexes of the objects, and the same rows under the same ids.

A declared object becomes a collection of the same name; ids are written in small letters. What Fieldstone keeps with each record
and PocketBase knows nothing of (version, organisation, who made and changed it) is left out; the owner is a relation to the users, and both
instants are its own autodates.
"""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import yaml

OBJECTS = Path(__file__).parents[1] / "app" / "work" / "objects"
USERS = "_pb_users_auth_"
SIGNED_IN = "@request.auth.id != ''"
READ_RULES = {
    "work_order": "@request.auth.role = 'dispatcher' || (owner_id = @request.auth.id && priority <= 4)",
}
"""Who reads which rows, where it is not everybody who is signed in: as one writes what the permission sets of `bench/app` say."""


class FieldForm(msgspec.Struct, frozen=True):
    """How a type of fields is kept by PocketBase: its type there, and the SQL that makes its value of ours."""

    type: str
    copied: str


_TEXT = "coalesce({0}, '')"
FORMS: Mapping[str, FieldForm] = {
    "text": FieldForm("text", _TEXT),
    "phone": FieldForm("text", _TEXT),
    "email": FieldForm("email", _TEXT),
    "select": FieldForm("select", _TEXT),
    "lookup": FieldForm("relation", f"lower({_TEXT})"),
    "number": FieldForm("number", "coalesce({0}, 0)"),
    "boolean": FieldForm("bool", "coalesce({0}, 0)"),
    "currency": FieldForm("number", "coalesce({0} / 100.0, 0)"),
    "date": FieldForm("date", "coalesce({0} || ' 00:00:00.000Z', '')"),
    "datetime": FieldForm("date", "coalesce(replace({0}, 'T', ' '), '')"),
}
OWNER = {"owner_id": {"type": "lookup", "reference": "sys_user"}}
INSTANTS = {"created_at": {"type": "datetime"}, "updated_at": {"type": "datetime"}}
ID = {
    "name": "id",
    "type": "text",
    "system": True,
    "primaryKey": True,
    "required": True,
    "min": 15,
    "max": 26,
    "pattern": "^[a-z0-9]+$",
    "autogeneratePattern": "[a-z0-9]{15}",
}
"""The id of a record: PocketBase's own, but so that ours fits, in small letters. With any other pattern it looks through all rows
at each create for the same id in other letters."""


def declared_objects() -> list[dict[str, Any]]:
    """Returns the objects of the benchmark as they are declared, those first that others refer to."""
    found = {path.name.partition(".")[0]: yaml.safe_load(path.read_bytes()) for path in sorted(OBJECTS.glob("*.yaml"))}
    ordered: dict[str, dict[str, Any]] = {}

    def place(name: str) -> None:
        for field in found[name]["fields"].values():
            if field.get("reference") in found.keys() - ordered.keys() - {name}:
                place(field["reference"])
        ordered.setdefault(name, found[name])

    for name in found:
        place(name)
    return list(ordered.values())


def collection_of(declared: dict[str, Any]) -> dict[str, Any]:
    """Returns the collection of an object, as PocketBase's API takes it."""
    name, fields = declared["name"], declared["fields"]
    instants = [
        {"name": each, "type": "autodate", "onCreate": True, "onUpdate": each == "updated_at"} for each in INSTANTS
    ]
    rule = READ_RULES.get(name, SIGNED_IN)
    return {
        "id": collection_id(name),
        "name": name,
        "type": "base",
        "fields": [ID, *(_field(each, field) for each, field in (OWNER | fields).items()), *instants],
        "indexes": list(_indexes(name, declared)),
        "listRule": rule,
        "viewRule": rule,
        "createRule": "@request.body.owner_id = @request.auth.id",
        "updateRule": rule,
    }


def collection_id(name: str) -> str:
    """Returns the id of the collection of an object."""
    return USERS if name == "sys_user" else f"bench_{name}"[:15].ljust(15, "0")


def copy_rows(source: Path, target: Path) -> None:
    """Copies the rows of all objects from a database of Fieldstone into one of PocketBase, whose server must not run."""
    with closing(sqlite3.connect(target, isolation_level=None)) as connection:
        connection.execute("ATTACH ? AS ours", (str(source),))
        connection.execute("BEGIN")
        for declared in declared_objects():
            name, fields = declared["name"], OWNER | declared["fields"] | INSTANTS
            columns = ", ".join(["id", *fields])
            values = ", ".join(
                ["lower(id)", *(FORMS[field["type"]].copied.format(each) for each, field in fields.items())]
            )
            connection.execute(f"INSERT INTO {name} ({columns}) SELECT {values} FROM ours.{name} ORDER BY id")
        connection.execute("COMMIT")
        connection.execute("DETACH ours")
        connection.execute("ANALYZE")


def _field(name: str, field: dict[str, Any]) -> dict[str, Any]:
    form = FORMS[field["type"]].type
    made: dict[str, Any] = {"name": name, "type": form, "required": field.get("required", False)}
    if form == "relation":
        made |= {"collectionId": collection_id(field["reference"]), "maxSelect": 1}
    elif form == "select":
        made |= {"values": [option["value"] for option in field["options"]], "maxSelect": 1}
    elif form == "text":
        made |= {"max": field.get("maxLength", 0)}
    elif form == "number":
        made |= {bound: field[bound] for bound in ("min", "max") if bound in field}
        made |= {"onlyInt": field.get("scale") == 0}
    return made


def _indexes(name: str, declared: dict[str, Any]) -> Iterator[str]:
    """Yields the indexes that are declared and those of unique fields and of relations; ours begin with the organisation besides."""
    fields = OWNER | declared["fields"]
    unique = [each for each, field in fields.items() if field.get("unique")]
    relations = [each for each, field in fields.items() if field["type"] == "lookup"]
    for each in unique:
        yield f"CREATE UNIQUE INDEX `{name}_{each}` ON `{name}` (`{each}`)"
    for columns in ([[each] for each in relations], [index["fields"] for index in declared.get("indexes", [])]):
        for chosen in columns:
            listed = ", ".join(f"`{column}`" for column in (*chosen, "id"))
            yield f"CREATE INDEX `{name}_{'_'.join(chosen)}` ON `{name}` ({listed})"
