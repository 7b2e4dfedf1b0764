"""What identity answers: the documents of contract section 5."""

from typing import Any

import msgspec

from fieldstone.identity.sessions import Session


class UserDocument(msgspec.Struct, frozen=True, rename="camel"):
    """A user, as he himself may know him."""

    id: str
    email: str
    name: str
    email_verified: bool
    image: str | None
    created_at: str
    updated_at: str


USER_FIELDS = UserDocument.__struct_fields__


class SessionPart(msgspec.Struct, frozen=True, rename="camel"):
    """A session, as its holder may know it; `token` is the one he has sent."""

    id: str
    user_id: str
    token: str
    expires_at: str
    active_organization_id: str | None
    created_at: str
    updated_at: str


class SessionDocument(msgspec.Struct, frozen=True):
    """Who is signed in."""

    session: SessionPart
    user: UserDocument


class SignedIn(msgspec.Struct, frozen=True, rename="camel"):
    """A session that was just opened; `token` is shown this once."""

    token: str
    expires_at: str
    user: UserDocument


def user_document(record: dict[str, Any]) -> UserDocument:
    """Returns the document of a user's record."""
    known = {name: record[name] for name in USER_FIELDS}
    return UserDocument(**known | {"email_verified": bool(record["email_verified"])})


def session_part(session: Session, token: str) -> SessionPart:
    """Returns the document of a session."""
    return SessionPart(
        id=session.id,
        user_id=session.user_id,
        token=token,
        expires_at=session.expires_at,
        active_organization_id=session.active_organization_id,
        created_at=session.created_at,
        updated_at=session.updated_at,
    )
