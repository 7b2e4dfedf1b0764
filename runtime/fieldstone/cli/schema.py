"""`fieldstone schema`: the JSON Schema of every kind of declaration, for editors."""

from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console

from fieldstone.flows.steps.table import STEP_KINDS
from fieldstone.kinds.app import AppDeclaration
from fieldstone.kinds.declaration import Declared
from fieldstone.kinds.package import PackageDeclaration
from fieldstone.kinds.step import STEP
from fieldstone.kinds.table import KINDS
from fieldstone.kinds.validation import PredicateRule

_DRAFT = "https://json-schema.org/draft/2020-12/schema"


def schema(*, out: Path = Path("metadata/schemas")) -> None:
    """Write the JSON Schema of every kind of declaration, so that editors complete and check YAML.

    Parameters
    ----------
    out
        The folder to write to; files of that name in it are replaced.
    """
    out.mkdir(parents=True, exist_ok=True)
    schemas = declaration_schemas()
    for name, document in schemas.items():
        text = msgspec.json.format(msgspec.json.encode(document, order="sorted")).decode()
        (out / f"{name}.schema.json").write_text(f"{text}\n", "utf-8")
    Console(highlight=False, soft_wrap=True).print(f"{len(schemas)} schemas written to {out}/", style="green")


def declaration_schemas() -> dict[str, dict[str, Any]]:
    """Returns the JSON Schema of each kind, of `app.yaml` (`deployment`) and of `package.yaml`, by name.

    A plain rule may leave its type out.
    """
    structs: dict[str, tuple[type[Declared], ...]] = {kind.name: kind.structs for kind in KINDS.values()}
    structs |= {"deployment": (AppDeclaration,), "package": (PackageDeclaration,)}
    schemas = {name: _schema(forms) for name, forms in structs.items()}
    plain = schemas["object"]["$defs"][PredicateRule.__name__]
    plain["required"].remove(PredicateRule.__struct_config__.tag_field)
    return schemas


def _with_steps(definitions: dict[str, Any]) -> dict[str, Any]:
    """Returns the definitions of a kind, with those of all kinds of steps where a key of it, or of them, takes steps."""
    if f'"#/$defs/{STEP}"' not in msgspec.json.encode(definitions).decode():
        return definitions
    structs = [kind.step for kind in STEP_KINDS.values() if kind.step is not None]
    found, further = msgspec.json.schema_components(structs, ref_template="#/$defs/{name}")
    return {**further, **definitions, STEP: {"anyOf": list(found)}}


def _schema(forms: tuple[type[Declared], ...]) -> dict[str, Any]:
    """Returns the schema of documents that fit one of some Structs."""
    found, definitions = msgspec.json.schema_components(forms, ref_template="#/$defs/{name}")
    root = found[0] if len(found) == 1 else {"anyOf": list(found)}
    return {"$schema": _DRAFT, **root, "$defs": _with_steps(definitions)}
