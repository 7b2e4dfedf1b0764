"""Viewpoints: what a query of some caller may refer to, under the policies that he has for every object."""

from collections.abc import Iterator, Mapping

from fieldstone.access.caller import Caller
from fieldstone.engine.door import Door
from fieldstone.engine.gate import may_look
from fieldstone.query.viewpoint import Related, Viewpoint


def viewpoint(door: Door, caller: Caller, now: str) -> Viewpoint:
    """Returns from where a caller asks: a related object is seen as he reads it, and not at all where he may not."""

    def related(object_name: str) -> Related | None:
        if not may_look(door, caller, object_name):
            return None
        policy = door.policies.policy(caller, object_name, "read")
        return Related(policy.shape, policy.rows, door.catalog.objects[object_name].declaration.max_page_size)

    return Viewpoint(related, caller.values, now, lambda object_name: _Referrers(door, caller, object_name))


class _Referrers(Mapping[str, tuple[str, ...]]):
    """The objects that refer to one and that a caller may list; what he may see of each is found out when it is asked for."""

    def __init__(self, door: Door, caller: Caller, object_name: str) -> None:
        self._door = door
        self._caller = caller
        self._all = door.catalog.objects[object_name].referrers

    def __getitem__(self, name: str) -> tuple[str, ...]:
        fields = self._visible(name)
        if not fields:
            raise KeyError(name)
        return fields

    def __iter__(self) -> Iterator[str]:
        return (name for name in self._all if self._visible(name))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _visible(self, name: str) -> tuple[str, ...]:
        if name not in self._all or not self._is_listed(name):
            return ()
        readable = self._door.policies.policy(self._caller, name, "read").readable
        return tuple(field for field in self._all[name] if field in readable)

    def _is_listed(self, name: str) -> bool:
        listed = self._caller.system or "list" in self._door.catalog.objects[name].offered
        return listed and may_look(self._door, self._caller, name)
