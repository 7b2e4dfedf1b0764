"""Walks: which sentences somebody's requests are made for, and in which order, so that every road is walked soon.

The requests are those of the roads: whatever the access suite can ask, is asked here, too. Each road begins with what changed most in the
other world: a fault on a road that is walked once shows itself.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from random import Random
from typing import get_args

import msgspec

from fieldstone.proof.mount import Mount
from fieldstone.proof.roads.table import roads_of
from fieldstone.proof.stage import Stage
from fieldstone.proof.trip import Road
from fieldstone.proof.verify.changes import Change, Seen, discloses
from fieldstone.registry.policy_test import Sentence, Verb
from fieldstone.registry.record_share import SHARES
from fieldstone.surfaces.rest.table import Route

_RECORD_VERBS: frozenset[Verb] = frozenset(get_args(Verb)) - {"creates", "writes"}

Key = tuple[str, ...]
"""A method, a path, a road, and the sort of thing that is asked about."""


class Walk(msgspec.Struct, frozen=True, eq=False):
    """A sentence on one road over one route."""

    mount: Mount
    route: Route
    road: Road
    sentence: Sentence


class Group(msgspec.Struct, frozen=True, eq=False):
    """The walks on one road about one sort of thing, the first of them last."""

    key: Key
    walks: list[Walk]


class Moved:
    """What changes move: records that are gone or others, and objects of which there are more or fewer records."""

    def __init__(self, changes: Collection[Change]) -> None:
        self._records = {(change.object, change.id): change.kind for change in changes}
        self._objects = {change.object for change in changes if change.kind != "changed"}

    def rank(self, stage: Stage, sentence: Sentence) -> int:
        """Returns how much of what a sentence is about has moved; 0: nothing."""
        kind = self._records.get(stage.ids[sentence.row]) if sentence.row is not None else None
        return 3 if kind == "gone" else 2 if kind else int(stage.subject(sentence).name in self._objects)


def walks_of(
    stage: Stage, who: str, seen: Seen, objects: Sequence[str], moved: Moved, random: Random
) -> Iterator[Group]:
    """Yields the walks of somebody in groups: one for each road, about what he sees and about what he does not."""
    groups: defaultdict[Key, list[Walk]] = defaultdict(list)
    for sentence, sort in _sentences(stage, who, seen, objects):
        for mount in stage.mounts:
            for route, road in roads_of(mount, sentence, stage.subject(sentence)):
                key: Key = (route.declaration.method, route.template, road.name, sort)
                groups[key].append(Walk(mount, route, road, sentence))
    keys = list(groups)
    random.shuffle(keys)
    for key in keys:
        walks = groups[key]
        random.shuffle(walks)
        first = max(range(len(walks)), key=lambda number: moved.rank(stage, walks[number].sentence))
        walks.append(walks.pop(first))
        yield Group(key, walks)


def _sentences(stage: Stage, who: str, seen: Seen, objects: Sequence[str]) -> Iterator[tuple[Sentence, str]]:
    """Yields sentences about every record, object and field, each with the sort of thing that it is about.

    Fields that say what they disclose are left out: to ask for them is to be told.
    """
    for row, (name, record_id) in stage.ids.items():
        if name in objects:
            sort = "visible" if record_id in seen[name] else "invisible"
            for verb in sorted(_RECORD_VERBS if name == SHARES else _RECORD_VERBS - {"revokes"}):
                yield Sentence(f"{who} {verb} {row}", "can", who, verb, row=row), sort
    for name in objects:
        yield Sentence(f"{who} reads {name}", "can", who, "reads", object=name), "object"
        yield Sentence(f"{who} creates {name}", "can", who, "creates", object=name), "object"
        readable = next(iter(seen[name].values()), {})
        for field in (each.name for each in stage.object(name).fields.values() if not discloses(each)):
            sort = "readable" if field in readable else "hidden"
            text = f"{who} reads {name}.{field}"
            yield Sentence(text, "can", who, "reads", object=name, field=field), sort
            text = f"{who} writes {name}.{field}"
            yield Sentence(text, "can", who, "writes", object=name, field=field), sort
