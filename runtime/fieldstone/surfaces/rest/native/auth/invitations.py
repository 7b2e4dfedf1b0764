"""Handlers of invitations: sent, listed and taken back by those who manage an organisation's people, taken up by those who are asked."""

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from fieldstone.identity.invitations import Asked, accept, cancel, invite, look, reject
from fieldstone.identity.means import required
from fieldstone.identity.organization_documents import InvitationDocument, MemberDocument
from fieldstone.identity.organization_means import active_organization
from fieldstone.identity.organization_people import list_invitations
from fieldstone.identity.own_organizations import own_membership
from fieldstone.surfaces.http.convert import convert_body
from fieldstone.surfaces.http.languages import languages_of
from fieldstone.surfaces.http.request import Response
from fieldstone.surfaces.rest.handlers import NOT_STORED, json_answer
from fieldstone.surfaces.rest.native.auth.organizations import ORGANIZATION
from fieldstone.surfaces.rest.native.auth.service import SignIn
from fieldstone.surfaces.rest.table import Call, HandlerPart, ParameterNote

ShortText = Annotated[str, msgspec.Meta(max_length=254)]
TOKEN = ParameterNote("id", "The token of the mail.", required=True)


class InviteBody(msgspec.Struct, rename="camel"):
    """Whom to ask to join the active organisation, in which role, and into which team or teams."""

    email: ShortText
    role: ShortText = "member"
    team_id: str | list[str] | None = None
    organization_id: str | None = None


class InvitationBody(msgspec.Struct, rename="camel"):
    """An invitation: for whoever is asked the token of the mail, for whoever takes it back its id."""

    invitation_id: ShortText


class OpenInvitation(InvitationDocument, frozen=True, rename="camel"):
    """An invitation, as whoever is asked sees it."""

    organization_name: str
    inviter_email: str


class AcceptedInvitation(msgspec.Struct):
    """An invitation that was taken up, and the membership that came of it; null for one that was turned down."""

    invitation: InvitationDocument
    member: MemberDocument | None


async def _invite(service: SignIn, call: Call) -> Response:
    body = convert_body(call.body, InviteBody)
    await active_organization(service.organizations, call.caller, body.organization_id)
    sent = body.team_id
    teams = () if sent is None else (sent,) if isinstance(sent, str) else tuple(sent)
    asked = Asked(body.email, body.role, teams, languages_of(call.request))
    return json_answer(await invite(service.organizations, call.caller, asked), NOT_STORED)


async def _list(service: SignIn, call: Call) -> Response:
    await active_organization(service.organizations, call.caller, call.parameters.get(ORGANIZATION.name))
    return json_answer(await list_invitations(service.organizations, call.caller), NOT_STORED)


async def _cancel(service: SignIn, call: Call) -> Response:
    body = convert_body(call.body, InvitationBody)
    return json_answer(await cancel(service.organizations, call.caller, body.invitation_id), NOT_STORED)


async def _look(service: SignIn, call: Call) -> Response:
    session = required(await service.accounts.session(call.credential))
    opened = await look(service.organizations, session, call.parameters.get(TOKEN.name, ""))
    known = msgspec.structs.asdict(opened.invitation)
    answer = OpenInvitation(**known, organization_name=opened.organization, inviter_email=opened.inviter_email)
    return json_answer(answer, NOT_STORED)


async def _accept(service: SignIn, call: Call) -> Response:
    body = convert_body(call.body, InvitationBody)
    session = required(await service.accounts.session(call.credential))
    accepted = await accept(service.organizations, session, body.invitation_id)
    member = await own_membership(service.organizations, session.user.id, accepted.organization_id)
    return json_answer(AcceptedInvitation(accepted, member), NOT_STORED)


async def _reject(service: SignIn, call: Call) -> Response:
    body = convert_body(call.body, InvitationBody)
    session = required(await service.accounts.session(call.credential))
    rejected = await reject(service.organizations, session, body.invitation_id)
    return json_answer(AcceptedInvitation(rejected, None), NOT_STORED)


INVITATION_HANDLERS: Mapping[str, HandlerPart[Any]] = {
    "organization.invite": HandlerPart(
        _invite, "Ask somebody to join, by mail", InviteBody, InvitationDocument, refusals=(404, 409, 429)
    ),
    "organization.list_invitations": HandlerPart(
        _list,
        "The invitations of the active organisation",
        answer=InvitationDocument,
        many=True,
        parameters=(ORGANIZATION,),
        refusals=(404, 409),
    ),
    "organization.cancel_invitation": HandlerPart(
        _cancel, "Take an invitation back", InvitationBody, InvitationDocument, refusals=(404, 409)
    ),
    "organization.get_invitation": HandlerPart(
        _look,
        "What one is asked to, by the token of the mail",
        answer=OpenInvitation,
        parameters=(TOKEN,),
        refusals=(429,),
    ),
    "organization.accept_invitation": HandlerPart(
        _accept, "Join, by the token of the mail", InvitationBody, AcceptedInvitation, refusals=(409, 429)
    ),
    "organization.reject_invitation": HandlerPart(
        _reject,
        "Turn an invitation down, by the token of the mail",
        InvitationBody,
        AcceptedInvitation,
        refusals=(429,),
    ),
}
"""Handlers over a `SignIn`."""
