"""Kind `policy_test`: people, records, and sentences about what each can and cannot do. `fieldstone test` runs them by every road."""

from typing import Any, Literal

from fieldstone.kinds.declaration import Declared, Kind, Name

Organization = Literal["here", "there", "both", "none"]


class ActingUser(Declared, frozen=True, kw_only=True):
    """Somebody with permission sets, in an organisation; a list of sets alone is somebody who is `here`."""

    sets: tuple[str, ...] = ()
    """The permission sets that he holds beside `everyone`."""
    at: Organization = "here"
    """Where he is a member: in the first organisation, in the other one (`there`), in both, or in none."""
    unit: Name | None = None
    """The business unit that he belongs to, by the name of its row."""
    manager: Name | None = None
    """The user to whom he reports."""


class ActingKey(Declared, frozen=True, kw_only=True):
    """A caller who shows an API key of a user."""

    of: str
    """The user."""
    scopes: tuple[str, ...] | None = None
    """What the key is limited to; no limit unless given."""


class ActingShare(Declared, frozen=True, kw_only=True):
    """A share that is there from the beginning."""

    of: str
    """The row that is shared."""
    to: str
    """With whom: a user, or a row of teams, positions or business units."""
    level: Literal["read", "edit"] = "read"
    """What it opens."""
    at: Literal["here", "there"] | None = None
    """Where it acts; where its row is unless given."""


class PolicyTestDeclaration(Declared, frozen=True, kw_only=True):
    """What people can and cannot do with records, said in sentences.

    `tom reads a` (a record, by the name of its row), `tom reads note` (the object as a whole), `tom reads note.price` (a field, on a
    record that he sees), `tom writes note.price` (a field, in the body of a create or an update), `tom updates a with title=x`,
    `tom creates note with title=x`, `tom deletes a`. Shares: `tom shares a with to=ann, level=edit` (without values: for reading, with a
    fellow), `tom revokes s` (a share, by its name). The trash: `tom finds a` (in it), `tom restores a`, `tom purges a`. `on NAME` at the
    end keeps a sentence to one surface. `nobody` is a caller who is not signed in. Each refusal needs its twin: somebody who can do the
    same thing by the same road.
    """

    name: Name
    """The test's name."""
    description: str | None = None
    """What it shows."""
    users: dict[Name, tuple[str, ...] | ActingUser]
    """People by name; their own records are named `tom`, `tom_member`, `tom_session`, `tom_key` and `tom_grant`."""
    keys: dict[Name, ActingKey] = {}
    """Further callers, each with an API key of a user."""
    rows: dict[Name, dict[str, Any]] = {}
    """Records by name: `object`, `owner` (a user), `at` (`here` or `there`), `trashed`, and values; a reference names another row."""
    shares: dict[Name, ActingShare] = {}
    """Shares of these records by name."""
    new: dict[str, dict[str, Any]] = {}
    """By object, what a create sends beside what a sentence says."""
    change: dict[str, dict[str, Any]] = {}
    """By object, what an update sends unless a sentence says so."""
    can: tuple[str, ...] = ()
    """What is allowed, by every road that is open."""
    cannot: tuple[str, ...] = ()
    """What is refused, by every road, in the words of something that is not there."""
    never: tuple[str, ...] = ()
    """What nobody can, so that only the same sort of deed elsewhere shows that the road is open."""


POLICY_TEST = Kind(
    name="policy_test",
    plural="policy_tests",
    struct=PolicyTestDeclaration,
    summary="What people can and cannot do, run by every road",
)
