"""The Caller: who asks, and the values of his that policies may refer to."""

from collections.abc import Mapping
from typing import Any

import msgspec


class Caller(msgspec.Struct, frozen=True, eq=False):
    """Somebody who asks.

    `sets` are the names of the permission sets he holds in his active organisation, `everyone` (or `guest`) among them. `values` is
    what `CallerValue` reads: `id`, `email`, `organization_id`, its `timezone`, and the lists `roles`, `positions`, `permissions`,
    which whoever is under a policy always has; absent means null. A member has what tells where he stands, too
    (`identity/placement.py`): `position_ids`, `team_ids`, `business_unit_id`, `unit_ids_below` and `unit_ids_above`, both with his own,
    and, when a set of his asks for them, the users who report to him, `report_ids`, and all members, `org_user_ids`. `recipient_ids` are
    all by which a record can be shared with him: his own id, his teams, his positions, and his unit with those above it. `scopes` is
    None without a limit, else the only scopes that his credential carries; `key` is the id of the API key that he shows, if it is one.
    `shared` names every object of which a record is shared with him, and may name more; None where nobody has looked.
    The system caller stands above every policy and the wall.
    """

    sets: frozenset[str]
    values: Mapping[str, Any]
    scopes: frozenset[str] | None = None
    system: bool = False
    key: str | None = None
    shared: frozenset[str] | None = None

    @property
    def id(self) -> str | None:
        """The user's id; None for anonymous callers, and for the system unless it acts for somebody."""
        return self.values.get("id")

    @property
    def organization_id(self) -> str | None:
        """The active organisation; None when there is none."""
        return self.values.get("organization_id")


ANONYMOUS = Caller(
    sets=frozenset({"guest"}),
    values={"roles": (), "positions": (), "permissions": ("guest",)},
    shared=frozenset(),
)
SYSTEM = Caller(sets=frozenset(), values={}, system=True)


def system_for(caller: Caller) -> Caller:
    """Returns the system acting for somebody: what it creates is made by him, in his active organisation."""
    values = {"id": caller.id, "organization_id": caller.organization_id}
    return Caller(sets=frozenset(), values=values, system=True)


def system_in(organization_id: str) -> Caller:
    """Returns the system acting within one organisation: what it creates belongs there."""
    return Caller(sets=frozenset(), values={"organization_id": organization_id}, system=True)


def system_as(user_id: str, organization_id: str) -> Caller:
    """Returns the system acting for somebody within an organisation, whichever is his active one."""
    return Caller(sets=frozenset(), values={"id": user_id, "organization_id": organization_id}, system=True)


ADMINISTRATOR = "admin_full_access"
"""The shipped set that holds every right within an organisation."""


def administrator_in(organization_id: str, values: Mapping[str, Any]) -> Caller:
    """Returns somebody with every right within one organisation and none beyond it; `values` are those of whom he acts for."""
    own = {"roles": (), "positions": (), **values, "permissions": (ADMINISTRATOR,), "organization_id": organization_id}
    return Caller(sets=frozenset({ADMINISTRATOR}), values=own)
