"""`fieldstone verify`: changes what people may not see, and compares every byte that they receive."""

import asyncio
import re
import shlex
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

import msgspec
from cyclopts import Parameter
from rich.console import Console
from rich.text import Text

from fieldstone.cli.check import compiled
from fieldstone.cli.package_app import as_app
from fieldstone.proof.stage import Request
from fieldstone.proof.verify.run import LeakFound, Plan, Report
from fieldstone.proof.verify.run import verify as run_verification

CREDENTIAL = re.compile(r"[\w-]{40,}")
"""A session token or a key."""


def verify(
    path: Path,
    /,
    *,
    requests: int = 1000,
    records: int = 6,
    seed: int = 1,
    output: Annotated[Literal["text", "json"], Parameter(name="--format")] = "text",
) -> None:
    """Show that what people may not see changes nothing of what they receive, on databases that are thrown away.

    Makes up callers for the permission sets, and records of every object. For each caller all that he may not see is changed in a second
    world: values of fields, records, those of the other organisation. Then everything that can be asked is asked in both worlds, over every
    route, and the answers are compared byte for byte. Ends with 1 when one tells of a change, or when a route was not reached.

    Parameters
    ----------
    path
        The folder of an app or a package.
    requests
        How many requests are compared for each caller.
    records
        How many records of each object are made up.
    seed
        What all that is made up is made from: the same seed asks the same.
    output
        `text` for people, `json` for programs.
    """
    console = Console(highlight=False, soft_wrap=True)
    catalog = compiled(path)
    plan = Plan(requests, records, seed)
    with as_app(path, catalog) as folder, TemporaryDirectory() as place, console.status("") as status:
        tell = status.update if output == "text" else lambda _text: None
        report = asyncio.run(run_verification(folder, compiled(folder), Path(place), plan, tell))
    if output == "json":
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(_plain(report))).decode() + "\n")
    else:
        _show(report, console)
    if not report.held:
        sys.exit(1)


def _show(report: Report, console: Console) -> None:
    proven = [route for route in report.routes if route.reason is None]
    for route in proven:
        reached = "reached" if route.reached else "NOT REACHED"
        console.print(
            Text(f"{route.proven:6} alike  {reached}  {route.route}", style="" if route.reached else "bold red")
        )
    for route in report.routes:
        if route.reason is not None:
            console.print(Text(f"     no record       {route.route}: {route.reason}", style="dim"))
    for name, (count, example) in report.disclosures.items():
        console.print(Text(f"Declared to be told, {count} times: {name}; such as {example}", style="yellow"))
    for unmade in report.unmade:
        console.print(Text(f"No record of `{unmade.object}` could be made up: {unmade.why}", style="yellow"))
    for leak in report.leaks:
        _show_leak(leak, console)
    told = f"{len(report.callers)} callers, {report.changes} changes, {sum(route.proven for route in report.routes)} answers"
    if report.held:
        console.print(Text(f"{told}: all alike.", style="green"))
    else:
        wrong = [*([f"{len(report.leaks)} leaks"] if report.leaks else [])]
        wrong += [f"{len(report.not_reached)} routes not reached"] if report.not_reached else []
        console.print(Text(f"{told}: {', '.join(wrong)}.", style="bold red"))


def _show_leak(leak: LeakFound, console: Console) -> None:
    console.print(Text(f"{leak.who} is told by {leak.route} of what he may not see:", style="bold red"))
    console.print(Text(f"    {curl(leak.request)}"))
    console.print(Text(f"    one world:   {leak.difference.one}"))
    console.print(Text(f"    the other:   {leak.difference.other}"))
    changed = str(leak.change) if leak.change else "no single change by itself"
    console.print(Text(f"    the change:  {changed}", style="green"))


def curl(request: Request) -> str:
    """Returns a request as a command, with `$CREDENTIAL` in place of what shows who asks."""
    query = urlencode(request.more.get("query") or {})
    parts = ["curl", "-X", request.method, f"$HOST{request.path}{'?' if query else ''}{query}"]
    for name, value in (request.more.get("headers") or {}).items():
        parts += ["-H", f"{name}: {CREDENTIAL.sub('$CREDENTIAL', value)}"]
    if request.more.get("body") is not None:
        parts += ["-d", msgspec.json.encode(request.more["body"]).decode()]
    return " ".join(part if part.startswith("$HOST") else shlex.quote(part) for part in parts)


def _plain(report: Report) -> dict[str, Any]:
    return {
        "held": report.held,
        "callers": report.callers,
        "changes": report.changes,
        "routes": report.routes,
        "disclosures": {
            name: {"count": count, "example": example} for name, (count, example) in report.disclosures.items()
        },
        "unmade": report.unmade,
        "leaks": [
            {
                "caller": leak.who,
                "route": leak.route,
                "request": curl(leak.request),
                "one": leak.difference.one,
                "other": leak.difference.other,
                "change": str(leak.change) if leak.change else None,
            }
            for leak in report.leaks
        ],
    }
