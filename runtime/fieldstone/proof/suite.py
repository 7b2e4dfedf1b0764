"""A suite: every policy test of an app, judged by every road, and then once more with each rule of its permission sets taken away.

A rule whose absence no test notices is either superfluous or not tested: both are told.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from fieldstone.proof.judge import ANY_ROAD, Finding, notices, walk_all
from fieldstone.proof.rules import Rule, rules_of
from fieldstone.proof.stage import Stage, open_again, open_stage
from fieldstone.registry.catalog import Catalog
from fieldstone.registry.layout import PLATFORM
from fieldstone.registry.policy_test import PolicyTest


class Verdict(msgspec.Struct, frozen=True, eq=False):
    """What came of one test: what does not hold, how many sentences were walked, by how many roads in all."""

    test: PolicyTest
    findings: tuple[Finding, ...]
    sentences: int
    roads: int


class Report(msgspec.Struct, frozen=True, eq=False):
    """What came of a suite; `unnoticed` are the rules of `rules` whose absence no test notices."""

    verdicts: tuple[Verdict, ...]
    rules: int
    unnoticed: tuple[Rule, ...]

    @property
    def held(self) -> bool:
        """Tells whether every sentence holds and every rule is noticed."""
        return not self.unnoticed and not any(verdict.findings for verdict in self.verdicts)


Tell = Callable[[str], None]
"""Is told what is done next."""


async def prove(folder: Path, catalog: Catalog, names: Sequence[str], tell: Tell, *, rules: bool) -> Report:
    """Returns what comes of the named tests of the app in a folder; without `rules` none is taken away.

    Rules are taken away only when every sentence holds: else it could not be told what notices what.
    """
    verdicts: list[Verdict] = []
    unnoticed = list(rules_of(catalog)) if rules else []
    count = len(unnoticed)
    for name in names:
        with TemporaryDirectory() as place:
            async with open_stage(folder, name, f"sqlite:///{Path(place) / 'proof.db'}") as stage:
                tell(f"{name}: {len(stage.test.sentences)} sentences")
                judgement = await walk_all(stage, ANY_ROAD)
                verdicts.append(Verdict(stage.test, judgement.findings, judgement.sentences, judgement.roads))
                if not judgement.findings:
                    unnoticed = await _still_unnoticed(stage, folder, unnoticed, tell)
    complete = not any(verdict.findings for verdict in verdicts)
    return Report(tuple(verdicts), count, tuple(unnoticed) if complete else ())


def tests_of(catalog: Catalog) -> Iterator[str]:
    """Yields the names of the policy tests that packages declare."""
    yield from (name for name, test in catalog.policy_tests.items() if test.package != PLATFORM)


async def _still_unnoticed(stage: Stage, folder: Path, rules: Sequence[Rule], tell: Tell) -> list[Rule]:
    """Returns those of some rules whose absence a stage's test does not notice."""
    kept: list[Rule] = []
    for rule in rules:
        tell(f"{stage.test.name}: without {rule.said}")
        async with open_again(stage, folder, catalog=rule.without) as other:
            if not await notices(other):
                kept.append(rule)
    return kept
