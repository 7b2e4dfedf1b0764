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
    two_factor_enabled: bool
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


class ListedSession(msgspec.Struct, frozen=True, rename="camel"):
    """One of a user's own sessions; `token` is its id, by which it can be ended and nobody can sign in."""

    id: str
    token: str
    user_id: str
    expires_at: str
    created_at: str
    updated_at: str
    last_seen_at: str
    ip_address: str | None
    user_agent: str | None
    active_organization_id: str | None
    current: bool


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
    return UserDocument(**known | {name: bool(record[name]) for name in ("email_verified", "two_factor_enabled")})


def session_part(session: Session, token: str) -> SessionPart:
    """Returns the document of a session."""
    return SessionPart(
        id=session.id,
        user_id=session.user_id,
        token=token,
        expires_at=session.ends_at,
        active_organization_id=session.active_organization_id,
        created_at=session.created_at,
        updated_at=session.updated_at,
    )


def listed_session(session: Session, *, current: bool) -> ListedSession:
    """Returns a session as its user sees it among the others."""
    return ListedSession(
        id=session.id,
        token=session.id,
        user_id=session.user_id,
        expires_at=session.ends_at,
        created_at=session.created_at,
        updated_at=session.updated_at,
        last_seen_at=session.last_seen_at,
        ip_address=session.ip,
        user_agent=session.user_agent,
        active_organization_id=session.active_organization_id,
        current=current,
    )
