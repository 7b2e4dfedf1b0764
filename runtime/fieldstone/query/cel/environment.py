"""The names that an expression may use, and their types."""

from collections.abc import Iterator, Mapping

from fieldstone.query.cel.types import Type

_ALIASES = {"user": "current_user", "os.user": "current_user"}
_OF_THE_CLOCK = frozenset({"now", "timezone"})


class Environment:
    """The roots by name. With `bare`, the fields of that root may also be named by themselves.

    A root goes before a bare field, and a bare field before the other names of the caller (`user` and `os.user` for `current_user`).
    Raises ValueError for a root named like one of the values of the clock that an evaluation is given.
    """

    def __init__(self, roots: Mapping[str, Type], bare: str | None = None) -> None:
        if taken := _OF_THE_CLOCK & roots.keys():
            raise ValueError(f"{', '.join(sorted(taken))} cannot be the name of a root")
        self.roots = dict(roots)
        self.bare = bare
        self._fields = dict(self.roots[bare].fields) if bare is not None else {}

    def lookup(self, name: str) -> tuple[tuple[str, ...], Type] | None:
        """Returns the path and the type that a name, or `os.user`, stands for; None when it stands for nothing."""
        if kind := self.roots.get(name):
            return (name,), kind
        if self.bare is not None and (kind := self._fields.get(name)):
            return (self.bare, name), kind
        owner = name.partition(".")[0]
        if (alias := _ALIASES.get(name)) in self.roots and alias and not self._declares(owner, name):
            return (alias,), self.roots[alias]
        return None

    def names(self) -> Iterator[str]:
        """Yields the names that may stand by themselves."""
        yield from self.roots
        yield from self._fields

    def _declares(self, owner: str, name: str) -> bool:
        """Tells whether a dotted alias is hidden by a root that really has such a field."""
        root = self.roots.get(owner)
        return root is not None and root.field(name.partition(".")[2]) is not None
