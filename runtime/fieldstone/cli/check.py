"""`fieldstone check`: compiles declarations and shows every fault of them."""

import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from cyclopts import Parameter
from rich.console import Console

from fieldstone.app_catalog import DIALECT_PARTS
from fieldstone.cli.report import report_faults
from fieldstone.errors import DeclarationError, Fault
from fieldstone.flows.steps.table import STEP_KINDS
from fieldstone.kinds.table import KINDS
from fieldstone.registry.catalog import Catalog
from fieldstone.registry.layout import PLATFORM, platform_folder
from fieldstone.registry.load import load_path
from fieldstone.registry.untranslated import untranslated_in
from fieldstone.surfaces.rest.check import check_apis


def check(
    path: Path,
    /,
    *,
    output: Annotated[Literal["text", "json"], Parameter(name="--format")] = "text",
    translations: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Check an app, a package or one declaration, and show every fault of it.

    Ends with 1 when there is a fault.

    Parameters
    ----------
    path
        The folder of an app or a package, or one YAML file.
    output
        `text` for people, `json` for programs: a list of faults.
    translations
        Show the texts, too, that a language lacks into which others are translated: each is a fault.
    """
    console = Console(highlight=False, soft_wrap=True)
    faults: tuple[Fault, ...] = ()
    try:
        catalog = compiled(path)
        summary = _summary(catalog)
        faults = tuple(sorted(untranslated_in(catalog), key=lambda fault: fault.place)) if translations else ()
    except DeclarationError as error:
        faults, summary = error.faults, ""
    if output == "json":
        sys.stdout.write(msgspec.json.format(msgspec.json.encode([_plain(fault) for fault in faults])).decode() + "\n")
    elif faults:
        report_faults(faults, console)
    else:
        console.print(summary, style="green")
    if faults:
        sys.exit(1)


def compiled(path: Path) -> Catalog:
    """Returns the catalog of an app, a package or a file; raises DeclarationError with all that serving it would refuse."""
    catalog = load_path(path, parts=DIALECT_PARTS, platform=platform_folder(), steps=STEP_KINDS)
    if faults := check_apis(catalog):
        raise DeclarationError(faults)
    return catalog


def _plain(fault: Fault) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(fault)
    return {**plain.pop("place"), **plain}


def _summary(catalog: Catalog) -> str:
    packages = {name: [item.package for item in catalog.items[name].values()] for name in KINDS}
    counts = [(len(found) - found.count(PLATFORM), KINDS[name]) for name, found in packages.items()]
    texts = [f"{count} {kind.name if count == 1 else kind.plural}" for count, kind in counts if count]
    return f"No faults: {', '.join(texts) or 'nothing declared'}, beside what the platform declares.".replace("_", " ")
