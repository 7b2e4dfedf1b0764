"""Handlers of the teams of the active organisation; each does by the door what whoever asks may."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import msgspec

from fieldstone.access.caller import Caller
from fieldstone.engine.operation import Delete, Update
from fieldstone.engine.records import create_records, read_first, read_records
from fieldstone.errors import NotFound
from fieldstone.identity.organization_documents import (
    TEAM_FIELDS,
    TEAM_MEMBER_FIELDS,
    TeamDocument,
    TeamMemberDocument,
)
from fieldstone.identity.organization_means import active_organization
from fieldstone.identity.organization_people import list_teams
from fieldstone.surfaces.http.convert import convert_body
from fieldstone.surfaces.http.request import Response
from fieldstone.surfaces.rest.handlers import NOT_STORED, json_answer
from fieldstone.surfaces.rest.native.auth.organizations import ORGANIZATION
from fieldstone.surfaces.rest.native.auth.service import Done, SignIn
from fieldstone.surfaces.rest.table import Call, HandlerPart, ParameterNote

TEAMS, TEAM_MEMBERS = "sys_team", "sys_team_member"
ShortText = Annotated[str, msgspec.Meta(max_length=254)]
TEAM = ParameterNote("teamId", "The team.", required=True)


class NewTeamBody(msgspec.Struct, rename="camel"):
    """A new team of the active organisation."""

    name: str
    organization_id: str | None = None


class TeamChanges(msgspec.Struct):
    """A team's new name."""

    name: str


class TeamChangesBody(msgspec.Struct, rename="camel"):
    """A team, and what becomes of it."""

    team_id: ShortText
    data: TeamChanges


class TeamBody(msgspec.Struct, rename="camel"):
    """A team of the active organisation."""

    team_id: ShortText
    organization_id: str | None = None


class TeamMemberBody(msgspec.Struct, rename="camel"):
    """A team, and somebody's user."""

    team_id: ShortText
    user_id: ShortText


async def _list(service: SignIn, call: Call) -> Response:
    await active_organization(service.organizations, call.caller, call.parameters.get(ORGANIZATION.name))
    return json_answer(await list_teams(service.organizations, call.caller), NOT_STORED)


async def _create(service: SignIn, call: Call) -> Response:
    body = convert_body(call.body, NewTeamBody)
    await active_organization(service.organizations, call.caller, body.organization_id)
    ids = await create_records(service.means.execute, TEAMS, [{"name": body.name}], call.caller)
    return json_answer(await _team(service, call.caller, ids[0]), NOT_STORED)


async def _update(service: SignIn, call: Call) -> Response:
    body = convert_body(call.body, TeamChangesBody)
    await service.means.execute(Update(TEAMS, body.team_id, {"name": body.data.name}), call.caller)
    return json_answer(await _team(service, call.caller, body.team_id), NOT_STORED)


async def _remove(service: SignIn, call: Call) -> Response:
    body = convert_body(call.body, TeamBody)
    await active_organization(service.organizations, call.caller, body.organization_id)
    await service.means.execute(Delete(TEAMS, body.team_id), call.caller)
    return json_answer(Done(), NOT_STORED)


async def _list_members(service: SignIn, call: Call) -> Response:
    where = {"team_id": call.parameters.get(TEAM.name, "")}
    return json_answer(await _members(service, call.caller, where), NOT_STORED)


async def _add(service: SignIn, call: Call) -> Response:
    body = convert_body(call.body, TeamMemberBody)
    row = {"team_id": body.team_id, "user_id": body.user_id}
    ids = await create_records(service.means.execute, TEAM_MEMBERS, [row], call.caller)
    return json_answer((await _members(service, call.caller, {"id": ids[0]}))[0], NOT_STORED)


async def _take_out(service: SignIn, call: Call) -> Response:
    body = convert_body(call.body, TeamMemberBody)
    place = {"team_id": body.team_id, "user_id": body.user_id}
    found = await _members(service, call.caller, place)
    if not found:
        raise NotFound("No such member of a team.")
    await service.means.execute(Delete(TEAM_MEMBERS, found[0].id), call.caller)
    return json_answer(Done(), NOT_STORED)


async def _team(service: SignIn, caller: Caller, team_id: str) -> TeamDocument:
    row = await read_first(service.means.execute, TEAMS, {"id": team_id}, TEAM_FIELDS, caller)
    if row is None:
        raise NotFound("No such team.")
    return TeamDocument(**row)


async def _members(service: SignIn, caller: Caller, where: Mapping[str, Any]) -> Sequence[TeamMemberDocument]:
    rows = await read_records(service.means.execute, TEAM_MEMBERS, where, TEAM_MEMBER_FIELDS, caller)
    return [TeamMemberDocument(**row) for row in rows]


TEAM_HANDLERS: Mapping[str, HandlerPart[Any]] = {
    "organization.list_teams": HandlerPart(
        _list,
        "The teams of the active organisation",
        answer=TeamDocument,
        many=True,
        parameters=(ORGANIZATION,),
        refusals=(404, 409),
    ),
    "organization.create_team": HandlerPart(_create, "Make a team", NewTeamBody, TeamDocument, refusals=(404, 409)),
    "organization.update_team": HandlerPart(
        _update, "Rename a team", TeamChangesBody, TeamDocument, refusals=(404, 409)
    ),
    "organization.remove_team": HandlerPart(_remove, "Delete a team", TeamBody, Done, refusals=(404, 409)),
    "organization.list_team_members": HandlerPart(
        _list_members, "Who is in a team", answer=TeamMemberDocument, many=True, parameters=(TEAM,), refusals=(404,)
    ),
    "organization.add_team_member": HandlerPart(
        _add, "Put somebody into a team", TeamMemberBody, TeamMemberDocument, refusals=(404, 409)
    ),
    "organization.remove_team_member": HandlerPart(
        _take_out, "Take somebody out of a team", TeamMemberBody, Done, refusals=(404, 409)
    ),
}
"""Handlers over a `SignIn`."""
