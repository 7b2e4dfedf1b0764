"""The table of the handlers of `/auth`. To add a family: a module beside this one and its line here."""

from collections.abc import Mapping
from typing import Any

from fieldstone.surfaces.rest.native.auth.address import ADDRESS_HANDLERS
from fieldstone.surfaces.rest.native.auth.config import CONFIG_HANDLERS
from fieldstone.surfaces.rest.native.auth.deletion import DELETION_HANDLERS
from fieldstone.surfaces.rest.native.auth.device import DEVICE_HANDLERS
from fieldstone.surfaces.rest.native.auth.invitations import INVITATION_HANDLERS
from fieldstone.surfaces.rest.native.auth.keys import KEY_HANDLERS
from fieldstone.surfaces.rest.native.auth.members import MEMBER_HANDLERS
from fieldstone.surfaces.rest.native.auth.oidc import OIDC_HANDLERS
from fieldstone.surfaces.rest.native.auth.organizations import ORGANIZATION_HANDLERS
from fieldstone.surfaces.rest.native.auth.password import PASSWORD_HANDLERS
from fieldstone.surfaces.rest.native.auth.sessions import SESSION_HANDLERS
from fieldstone.surfaces.rest.native.auth.signing import SIGNING_HANDLERS
from fieldstone.surfaces.rest.native.auth.teams import TEAM_HANDLERS
from fieldstone.surfaces.rest.native.auth.two_factor import TWO_FACTOR_HANDLERS
from fieldstone.surfaces.rest.table import HandlerPart

AUTH_HANDLERS: Mapping[str, HandlerPart[Any]] = {
    **SIGNING_HANDLERS,
    **PASSWORD_HANDLERS,
    **ADDRESS_HANDLERS,
    **CONFIG_HANDLERS,
    **KEY_HANDLERS,
    **SESSION_HANDLERS,
    **DELETION_HANDLERS,
    **TWO_FACTOR_HANDLERS,
    **OIDC_HANDLERS,
    **DEVICE_HANDLERS,
    **ORGANIZATION_HANDLERS,
    **MEMBER_HANDLERS,
    **INVITATION_HANDLERS,
    **TEAM_HANDLERS,
}
"""Handlers over a `SignIn`."""
