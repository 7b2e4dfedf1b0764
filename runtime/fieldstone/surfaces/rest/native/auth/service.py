"""What the handlers of `/auth` work with, and what several of their families answer."""

import msgspec

from fieldstone.identity.accounts import Accounts
from fieldstone.identity.own_sessions import OwnSessions
from fieldstone.identity.sessions import Origin
from fieldstone.kinds.app import Auth
from fieldstone.surfaces.rest.table import Call


class SignIn(msgspec.Struct, frozen=True):
    """The flows of identity, one field each, and what the app says of signing in."""

    accounts: Accounts
    sessions: OwnSessions
    auth: Auth


def origin_of(call: Call) -> Origin:
    """Returns where a call comes from, as the transport tells it."""
    return Origin(address=call.request.address, user_agent=call.request.header(b"user-agent"))
