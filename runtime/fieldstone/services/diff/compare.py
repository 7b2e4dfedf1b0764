"""Comparing two catalogs: one line for each kind of thing that is compared."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from fieldstone.registry.catalog import Catalog
from fieldstone.services.diff.actions import action_findings, flow_findings
from fieldstone.services.diff.data import data_findings
from fieldstone.services.diff.finding import MEANINGS, Finding
from fieldstone.services.diff.objects import object_findings
from fieldstone.services.diff.rights import right_findings
from fieldstone.services.diff.surfaces import surface_findings

COMPARED: Final[Mapping[str, Callable[[Catalog, Catalog], Iterator[Finding]]]] = {
    "data": data_findings,
    "objects": object_findings,
    "rights": right_findings,
    "actions": action_findings,
    "flows": flow_findings,
    "surfaces": surface_findings,
}


def compare(old: Catalog, new: Catalog) -> list[Finding]:
    """Returns what differs, in the order of COMPARED."""
    return [finding for findings in COMPARED.values() for finding in findings(old, new)]


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Returns findings without those that are there twice, the worst first, else in their order."""
    order = list(MEANINGS)
    return sorted(dict.fromkeys(findings), key=lambda finding: order.index(finding.severity))
