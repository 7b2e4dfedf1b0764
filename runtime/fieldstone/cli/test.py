"""`fieldstone test`: judges the policy tests of an app or a package by every road, and then without each rule in turn."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console
from rich.text import Text

from fieldstone.cli.check import compiled
from fieldstone.cli.package_app import as_app
from fieldstone.errors import SettingsError
from fieldstone.proof.suite import Report, Verdict, prove, tests_of
from fieldstone.query.names import did_you_mean
from fieldstone.registry.catalog import Catalog

MOST_SHOWN = 20
"""How many roads are named of those by which a sentence does not hold."""


def run(
    path: Path,
    /,
    *,
    only: Annotated[list[str] | None, Parameter(name="--only")] = None,
    rules: bool = True,
) -> None:
    """Run the policy tests of an app or a package, on an empty database that is thrown away.

    Every sentence is walked by every road that leads to data. Then each rule of the permission sets is taken away in turn: one that no
    test misses is told. Ends with 1 when a sentence does not hold or a rule is not missed.

    Parameters
    ----------
    path
        The folder of an app or a package.
    only
        The name of a test to run; may be given more than once. Unless given, all.
    rules
        Take each rule away in turn. Without `--only`, unless told not to.
    """
    console = Console(highlight=False, soft_wrap=True)
    catalog = compiled(path)
    names = _chosen(catalog, only or [])
    with as_app(path, catalog) as folder, console.status("") as status:
        report = asyncio.run(prove(folder, compiled(folder), names, status.update, rules=rules and not only))
    for verdict in report.verdicts:
        _show(verdict, console)
    _show_rules(report, console)
    if not report.held:
        sys.exit(1)


def _chosen(catalog: Catalog, only: list[str]) -> list[str]:
    names = list(tests_of(catalog))
    for name in only:
        if name not in names:
            raise SettingsError(f"There is no policy test `{name}`.", hint=did_you_mean(name, names))
    if not names:
        hint = "Declare one: `<name>.policy_test.yaml`; docs/how-to/test-permissions.md shows how."
        raise SettingsError("There is no policy test here.", hint=hint)
    return only or names


def _show(verdict: Verdict, console: Console) -> None:
    walked = f"{verdict.sentences} sentences by {verdict.roads} roads"
    if not verdict.findings:
        console.print(Text(f"{verdict.test.name}: {walked}, all hold.", style="green"))
        return
    console.print(Text(f"{verdict.test.name}: {walked}; this does not hold:", style="bold red"))
    by_sentence: dict[str, list[str]] = {}
    for finding in verdict.findings:
        by_sentence.setdefault(finding.sentence, []).append(f"{finding.road}: {finding.told}")
    for sentence, roads in by_sentence.items():
        console.print(Text(f"{verdict.test.place.file}: {sentence}", style="bold"))
        for road in roads[:MOST_SHOWN]:
            console.print(Text(f"    {road}"))
        if len(roads) > MOST_SHOWN:
            console.print(Text(f"    and by {len(roads) - MOST_SHOWN} more roads"))


def _show_rules(report: Report, console: Console) -> None:
    if not report.rules or any(verdict.findings for verdict in report.verdicts):
        return
    for rule in report.unnoticed:
        console.print(Text.assemble((str(rule.place), "bold"), f" {rule.said}"))
    missed = report.rules - len(report.unnoticed)
    if report.unnoticed:
        text = f"{len(report.unnoticed)} of {report.rules} rules can be taken away and no test misses them."
        console.print(Text(text, style="bold red"))
        console.print(Text("Say in a sentence what each is there for, or drop it.", style="green"))
    else:
        console.print(Text(f"Each of {missed} rules is missed when it is taken away.", style="green"))
