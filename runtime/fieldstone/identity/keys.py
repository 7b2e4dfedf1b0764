"""API keys: made by a signed-in user for his programs, found again by their hash, never wider than their maker.

Refuses a key without an organisation, one that would already be over, and scopes that no surface asks for or that its maker lacks.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from fieldstone.access.caller import Caller, system_in
from fieldstone.engine.records import Execute, create_records, read_first
from fieldstone.errors import FieldFault, Invalid, PermissionDenied
from fieldstone.identity.tokens import hash_token, new_key, shown_prefix
from fieldstone.query.names import did_you_mean, shown


class NewKey(msgspec.Struct, frozen=True, rename="camel"):
    """A key that was just made; `key` is shown this once."""

    id: str
    name: str
    prefix: str
    key: str


class ApiKey(msgspec.Struct, frozen=True):
    """An API key as it is stored; `scopes` is None without a limit."""

    id: str
    user_id: str
    organization_id: str
    expires_at: str | None
    last_used_at: str | None
    scopes: frozenset[str] | None


async def create_key(
    execute: Execute, caller: Caller, name: str, expires_at: str | None, scopes: frozenset[str] | None
) -> NewKey:
    """Stores a new key that acts as the caller within his active organisation."""
    if caller.organization_id is None:
        raise PermissionDenied("An API key belongs to an organisation, and none is active.")
    key, row = key_row(name, str(caller.id), scopes, expires_at, made_with=caller.key)
    ids = await create_records(execute, "sys_api_key", [row], system_in(caller.organization_id))
    return NewKey(id=ids[0], name=name, prefix=shown_prefix(key), key=key)


def key_row(
    name: str, user_id: str, scopes: Iterable[str] | None, expires_at: str | None, made_with: str | None = None
) -> tuple[str, dict[str, Any]]:
    """Returns a fresh key and what is stored of it."""
    key = new_key()
    row = {
        "name": name,
        "prefix": shown_prefix(key),
        "key_hash": hash_token(key),
        "user_id": user_id,
        "scopes": None if scopes is None else sorted(scopes),
        "expires_at": expires_at,
        "made_with": made_with,
    }
    return key, row


def allowed_scopes(wanted: Sequence[str] | None, caller: Caller, known: frozenset[str]) -> frozenset[str] | None:
    """Returns the scopes of a key to be made: those wanted, else the maker's own; refuses unknown ones and ones he lacks."""
    if wanted is None:
        return caller.scopes
    unknown = [scope for scope in wanted if scope not in known]
    if unknown:
        faults = [FieldFault("scopes", "invalid_value", f"No surface asks for `{shown(scope)}`.") for scope in unknown]
        raise Invalid("Some scopes are not known.", faults=faults, hint=did_you_mean(unknown[0], known))
    lacking = sorted(set(wanted) - caller.scopes) if caller.scopes is not None else []
    if lacking:
        raise PermissionDenied("A key cannot reach further than its maker.", details={"scopes": lacking})
    return frozenset(wanted)


async def find_key(execute: Execute, key_hash: str, now: str) -> ApiKey | None:
    """Returns the key of a hash; None when there is none, or it is revoked or over."""
    fields = ("id", "user_id", "organization_id", "expires_at", "last_used_at", "scopes")
    row = await read_first(execute, "sys_api_key", {"key_hash": key_hash, "revoked": False}, fields)
    if row is None or (row["expires_at"] is not None and row["expires_at"] <= now):
        return None
    stored = row["scopes"]
    scopes = msgspec.json.decode(stored) if isinstance(stored, msgspec.Raw) else stored
    return ApiKey(**row | {"scopes": None if scopes is None else frozenset(scopes)})
