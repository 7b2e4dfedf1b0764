"""`fieldstone diff`: what differs between two versions of an app, and whether it breaks whoever uses it."""

import asyncio
import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter
from rich.console import Console
from rich.text import Text

from fieldstone.cli.check import compiled
from fieldstone.cli.package_app import as_app
from fieldstone.cli.revision import checked_out
from fieldstone.errors import SettingsError
from fieldstone.proof.suite import Report, prove, tests_of
from fieldstone.registry.catalog import Catalog
from fieldstone.services.diff.compare import compare, in_order
from fieldstone.services.diff.finding import BREAKING, MEANINGS, Finding, both

BREAKS = 2
"""How the command ends when something breaks."""

STYLES = {
    "lost": "bold red",
    "breaking": "bold red",
    "closed": "red",
    "opened": "yellow",
    "changed": "",
    "added": "green",
}


def diff(
    old: Path,
    new: Path | None = None,
    /,
    *,
    git: Annotated[str | None, Parameter(name="--git")] = None,
    tests: bool = True,
    json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> None:
    """Compare two versions of an app: data that is lost, what breaks clients, rights that change, and what is new.

    Ends with 2 when something is lost, breaks clients or takes rights away, with 1 when a version cannot be loaded, else with 0.

    Parameters
    ----------
    old
        The folder of the app, or of a package, as it was; with `--git`, as it is.
    new
        The folder as it is.
    git
        A revision of git: the folder as it was then is compared with what is in it.
    tests
        Run the policy tests of both versions, unless told not to, and compare what holds.
    json
        Write the findings as JSON.
    """
    if (new is None) == (git is None):
        raise SettingsError(
            "There is nothing to compare with.", hint="Name two folders, or one folder and `--git REVISION`."
        )
    if new is not None:
        findings = _compared(old, new, tests=tests)
    else:
        with checked_out(old, git or "") as before:
            findings = _compared(before, old, tests=tests)
    if json:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(findings)).decode() + "\n")
    else:
        _show(findings)
    if any(finding.severity in BREAKING for finding in findings):
        sys.exit(BREAKS)


def _compared(old: Path, new: Path, *, tests: bool) -> list[Finding]:
    with _at_home(old) as folder:
        before, held = _loaded(folder, tests=tests)
    with _at_home(new) as folder:
        after, holds = _loaded(folder, tests=tests)
    return in_order([*_sentence_findings(held, holds), *compare(before, after)])


@contextlib.contextmanager
def _at_home(folder: Path) -> Iterator[Path]:
    """Makes an app's own folder the working directory, so that no packages but those around it are found by their names."""
    home = folder.resolve()
    if not home.is_dir():
        raise SettingsError(f"`{folder}` is no folder.")
    with contextlib.chdir(home):
        yield home


def _loaded(folder: Path, *, tests: bool) -> tuple[Catalog, dict[str, bool]]:
    """Returns the catalog of an app, or of a package as an app, and of each sentence of its policy tests whether it holds."""
    with as_app(folder, compiled(folder)) as app:
        catalog = compiled(app)
        names = list(tests_of(catalog)) if tests else []
        return catalog, _held(asyncio.run(prove(app, catalog, names, lambda _text: None, rules=False))) if names else {}


def _held(report: Report) -> dict[str, bool]:
    failed = {f"{verdict.test.name}: {each.sentence}" for verdict in report.verdicts for each in verdict.findings}
    said = [f"{verdict.test.name}: {sentence}" for verdict in report.verdicts for sentence in verdict.test.sentences]
    return {name: name not in failed for name in said}


def _sentence_findings(old: dict[str, bool], new: dict[str, bool]) -> Iterator[Finding]:
    """Yields the sentences of policy tests that hold no longer, or hold now, or are gone."""
    for name, held, holds in both(old, new):
        if held != holds:
            told = "holds now" if holds else "holds no longer"
            yield Finding("changed" if holds else "closed", "policy test", f"{name}: {told}.")
    for name in old.keys() - new.keys():
        yield Finding("changed", "policy test", f"{name}: is no longer said.")


def _show(findings: list[Finding]) -> None:
    console = Console(highlight=False, soft_wrap=True)
    for severity, meaning in MEANINGS.items():
        found = [finding for finding in findings if finding.severity == severity]
        if not found:
            continue
        console.print(Text(f"{meaning} ({len(found)})", style=STYLES[severity] or "bold"))
        for finding in found:
            console.print(Text(f"  {finding.subject:<24}  {finding.told}"))
        console.print()
    breaking = sum(finding.severity in BREAKING for finding in findings)
    told = f"{len(findings)} differences, {breaking} of them break something." if findings else "Nothing differs."
    console.print(Text(told, style="bold red" if breaking else "green"))
