"""What the routes of organisations answer: the documents of contract section 5."""

from collections.abc import Mapping
from typing import Any

import msgspec


class OrganizationDocument(msgspec.Struct, frozen=True, rename="camel"):
    """An organisation, as its members know it."""

    id: str
    name: str
    slug: str
    logo: str | None
    timezone: str | None
    created_at: str


class MemberUser(msgspec.Struct, frozen=True, omit_defaults=True):
    """A member's user, as whoever asks may know him; `email` only where it may be read."""

    id: str
    name: str | None = None
    email: str | None = None
    image: str | None = None


class MemberDocument(msgspec.Struct, frozen=True, rename="camel"):
    """A user's place in an organisation; `user` is null where whoever asks may not see him."""

    id: str
    organization_id: str
    user_id: str
    role: str
    active: bool
    created_at: str
    user: MemberUser | None = None


class InvitationDocument(msgspec.Struct, frozen=True, rename="camel"):
    """An invitation, as those see it who manage the people of its organisation."""

    id: str
    organization_id: str
    email: str
    role: str
    status: str
    team_ids: list[str]
    inviter_id: str
    expires_at: str
    created_at: str


class TeamDocument(msgspec.Struct, frozen=True, rename="camel"):
    """A team."""

    id: str
    organization_id: str
    name: str
    created_at: str
    updated_at: str


class TeamMemberDocument(msgspec.Struct, frozen=True, rename="camel"):
    """A user's place in a team."""

    id: str
    team_id: str
    user_id: str
    created_at: str


class FullOrganization(OrganizationDocument, frozen=True, rename="camel"):
    """An organisation with what whoever asks may see of it: without the right to members, he sees himself."""

    members: list[MemberDocument] = []
    invitations: list[InvitationDocument] = []
    teams: list[TeamDocument] = []


ORGANIZATION_FIELDS = OrganizationDocument.__struct_fields__
INVITATION_FIELDS = InvitationDocument.__struct_fields__
TEAM_FIELDS = TeamDocument.__struct_fields__
TEAM_MEMBER_FIELDS = TeamMemberDocument.__struct_fields__
MEMBER_FIELDS = ("id", "organization_id", "user_id", "role", "active", "created_at")


def member_document(row: Mapping[str, Any], user: MemberUser | None = None) -> MemberDocument:
    """Returns the document of a membership; one that says nothing of it is active."""
    return MemberDocument(**{**row, "active": row["active"] is not False}, user=user)


def invitation_document(row: Mapping[str, Any]) -> InvitationDocument:
    """Returns the document of an invitation."""
    return InvitationDocument(**{**row, "team_ids": team_ids_of(row)})


def team_ids_of(row: Mapping[str, Any]) -> list[str]:
    """Returns the teams that an invitation names."""
    stored = row["team_ids"]
    return list(msgspec.json.decode(stored) if isinstance(stored, msgspec.Raw) else stored or ())
