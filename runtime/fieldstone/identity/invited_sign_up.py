"""Signing up by an invitation: an account of the address that was invited, a member at once of what it was invited to.

The token came by mail: so the address counts as verified, and neither `signUp` nor `emailDomains` is asked. Whoever has an account
already signs in and takes the invitation up with it.
"""

from fieldstone.access.caller import system_as
from fieldstone.engine.operation import Create, Together
from fieldstone.engine.records import read_first
from fieldstone.errors import ConcurrentUpdate, FieldFault, Invalid, NotFound, Unauthenticated
from fieldstone.identity.documents import USER_FIELDS, SignedIn
from fieldstone.identity.invitations import Opened, find_invitation, invitation_not_valid, joining
from fieldstone.identity.means import admit, normal
from fieldstone.identity.new_values import check_values
from fieldstone.identity.opening import open_for
from fieldstone.identity.organization_means import OrganizationMeans
from fieldstone.identity.sessions import Origin
from fieldstone.identity.sign_up import NewAccount


async def sign_up_invited(with_: OrganizationMeans, wanted: NewAccount, token: str, origin: Origin) -> SignedIn:
    """Makes an account and its membership in one Unit, and signs it in.

    Raises RateLimited, Invalid for values and for an invitation that does not hold, UniqueViolation where there is an account.
    """
    means, email = with_.means, normal(wanted.email)
    await admit(means, email)
    if wanted.callback is not None:
        fault = FieldFault(
            "callbackURL", "invalid_value", "No mail is sent: the invitation shows whose the address is."
        )
        raise Invalid(fault.message, faults=[fault])
    opened = await find_invitation(with_, token, email)
    check_values(means, {"name": wanted.name, "password": wanted.password}, email)
    user_id = means.new_id()
    user = {"id": user_id, "name": wanted.name, "email": email, "password": wanted.password, "email_verified": True}
    writes = (Create("sys_user", (user,)), *await joining(means, opened, user_id))
    try:
        await means.execute(Together(writes), system_as(user_id, opened.invitation.organization_id))
    except (ConcurrentUpdate, NotFound):
        raise invitation_not_valid() from None
    made = await read_first(means.execute, "sys_user", {"id": user_id}, USER_FIELDS)
    if made is None:
        raise Unauthenticated("The account is gone already.")
    return await open_for(means.execute, means.auth, means.clock, made, origin)


async def has_account(with_: OrganizationMeans, opened: Opened) -> bool:
    """Tells whoever holds an invitation whether there is an account of the address that was invited."""
    address = {"email": opened.invitation.email}
    return await read_first(with_.means.execute, "sys_user", address, ("id",)) is not None
