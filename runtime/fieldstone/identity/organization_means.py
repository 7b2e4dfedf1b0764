"""What the flows of organisations work with, and what they share: which organisation is meant, and who may manage its people."""

import msgspec

from fieldstone.access.caller import Caller
from fieldstone.access.capabilities import capabilities, missing
from fieldstone.engine.records import read_first
from fieldstone.errors import Conflict, NotFound, PermissionDenied, Unauthenticated
from fieldstone.identity.identity import Identity
from fieldstone.identity.means import Means
from fieldstone.identity.membership import MEMBERS
from fieldstone.identity.organization_end import ORGANIZATIONS
from fieldstone.identity.placement import ACTIVE_MEMBER
from fieldstone.kinds.app import Organizations
from fieldstone.query.names import shown
from fieldstone.registry.catalog import Catalog

MANAGE = "manage_org_users"
"""The capability of whoever manages the people of an organisation."""


class OrganizationMeans(msgspec.Struct, frozen=True, eq=False):
    """What the flows work with; `declared` is what the app says of organisations."""

    means: Means
    identity: Identity
    catalog: Catalog
    declared: Organizations


def manages(with_: OrganizationMeans, caller: Caller) -> bool:
    """Tells whether somebody manages the people of his organisation."""
    return MANAGE in capabilities(with_.catalog, caller.sets)


def require_manager(with_: OrganizationMeans, caller: Caller) -> None:
    """Raises PermissionDenied for whoever does not manage the people of his organisation."""
    if not manages(with_, caller):
        raise missing(MANAGE, caller)


async def active_organization(
    with_: OrganizationMeans, caller: Caller, wanted: str | None = None, slug: str | None = None
) -> str:
    """Returns the caller's active organisation, which is the only one that he acts in, whichever he names.

    Raises PermissionDenied for none, NotFound for one he is no member of, and Conflict for another of his own.
    """
    if wanted is None and slug is None:
        if caller.organization_id is None:
            raise PermissionDenied("No organisation is active.", hint="Make one of your organisations the active one.")
        return caller.organization_id
    found = await own_organization(with_, caller, wanted, slug)
    if found != caller.organization_id:
        raise Conflict("This organisation is not the active one.", hint="Make it the active one first.")
    return found


async def own_organization(with_: OrganizationMeans, caller: Caller, wanted: str | None, slug: str | None) -> str:
    """Returns the id of an organisation of which the caller is an active member; raises NotFound for any other."""
    execute = with_.means.execute
    if wanted is None:
        row = await read_first(execute, ORGANIZATIONS, {"slug": slug}, ("id",))
        wanted_id = None if row is None else str(row["id"])
    else:
        wanted_id = wanted
    if wanted_id is not None:
        place = {"user_id": user_of(caller), "organization_id": wanted_id, **ACTIVE_MEMBER}
        if await read_first(execute, MEMBERS, place, ("id",)) is not None:
            return wanted_id
    raise NotFound(f"No organisation `{shown(wanted or slug or '')}`.")


def user_of(caller: Caller) -> str:
    """Returns the caller's user; raises Unauthenticated for nobody."""
    if caller.id is None:
        raise Unauthenticated("You are not signed in.")
    return caller.id
