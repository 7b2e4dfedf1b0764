"""What the audit log tells of records: grants, memberships, teams, shares, sessions, keys, accounts and mails, by hooks of their objects.

A line of `AUDITED` is all that another object needs.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

import msgspec

from fieldstone.access.caller import SYSTEM
from fieldstone.engine.audit import AUDIT, Entry, write_entry
from fieldstone.engine.hooks import Change, Context, Event, Hook
from fieldstone.engine.records import read_records
from fieldstone.errors import PermissionDenied
from fieldstone.registry.record_share import SHARES
from fieldstone.services.mail.post import EMAIL

_DEEDS: tuple[tuple[Event, str], ...] = (
    ("after_create", "given"),
    ("after_update", "changed"),
    ("after_delete", "taken"),
)


class Audited(msgspec.Struct, frozen=True):
    """What is told of the records of an object: the deeds' name, the field of the user concerned, and the fields that are told.

    `changes` are the fields whose change is a deed, each with what it is called (None: by its value nothing is told); without any, every
    change of a told field is one. `deeds` are the events that are told, each with what it is called; `of_users`, those alone that a user
    is behind.
    """

    object: str
    deed: str
    concerned: str
    told: tuple[str, ...]
    changes: Mapping[str, str] = {}
    deeds: tuple[tuple[Event, str], ...] = _DEEDS
    of_users: bool = False


AUDITED = (
    Audited("sys_user_permission_set", "grant", "user_id", ("permission_set", "valid_from", "valid_until")),
    Audited("sys_user_position", "position", "user_id", ("position_id", "valid_from", "valid_until")),
    Audited("sys_position_permission_set", "position_grant", "", ("position_id", "permission_set")),
    Audited("sys_member", "member", "user_id", ("role", "business_unit_id", "manager_id")),
    Audited("sys_team_member", "team", "user_id", ("team_id",)),
    Audited(SHARES, "share", "", ("object_name", "record_id", "recipient_type", "recipient_id", "access_level")),
    Audited("sys_api_key", "key", "user_id", ("name", "scopes", "expires_at", "revoked")),
    Audited("sys_session", "session", "user_id", (), {"active_organization_id": "switched"}),
    Audited(
        "sys_user",
        "account",
        "id",
        (),
        {
            "password": "password_changed",
            "email": "email_changed",
            "active": "state_changed",
            "two_factor_enabled": "two_factor_changed",
        },
    ),
    Audited(EMAIL, "email", "", ("template", "recipients"), deeds=(("after_create", "sent"),), of_users=True),
)
"""The objects whose records are told of."""


def audit_hooks() -> tuple[Hook, ...]:
    """Returns the hooks that write the audit log, and those that keep it as it is."""
    telling = (
        Hook("tell_the_audit_log", audited.object, event, partial(_tell, audited, deed))
        for audited in AUDITED
        for event, deed in audited.deeds
    )
    return (*telling, Hook("keep_the_audit_log", AUDIT, "before_update", keep_as_it_is))


async def keep_as_it_is(_context: Context, _change: Change) -> None:
    """Refuses to change an entry, for the system too."""
    raise PermissionDenied("The audit log is changed by nobody.")


async def _tell(audited: Audited, deed: str, context: Context, change: Change) -> None:
    if audited.of_users and context.caller.id is None:
        return
    record = {**(change.previous or {}), **change.values, "id": change.id}
    action, details = _action(audited, deed, change, record)
    if action is None:
        return
    entry = Entry(
        action=f"{audited.deed}.{action}",
        concerned=record.get(audited.concerned),
        object_name=audited.object,
        record_id=change.id,
        details=details or None,
    )
    for organization_id in await _places(context, record, entry.concerned):
        await write_entry(context.execute, context.caller, organization_id, context.now, entry)


def _action(
    audited: Audited, deed: str, change: Change, record: Mapping[str, Any]
) -> tuple[str | None, dict[str, Any]]:
    """Returns what a change is called, None when it is no deed, and what is told of it."""
    told = {name: record[name] for name in audited.told if record.get(name) is not None}
    if deed != "changed":
        return deed, told
    if audited.changes:
        return next((called for name, called in audited.changes.items() if name in change.values), None), told
    return ("changed", told) if not change.values.keys().isdisjoint(audited.told) else (None, told)


async def _places(context: Context, record: Mapping[str, Any], concerned: str | None) -> list[str | None]:
    """Returns the organisations that a deed is told to: its record's own, the caller's, or those of whom it concerns."""
    own = record.get("organization_id") or record.get("active_organization_id") or context.caller.organization_id
    if own is not None or concerned is None:
        return [own]
    members = await read_records(context.execute, "sys_member", {"user_id": concerned}, ("organization_id",), SYSTEM)
    return [member["organization_id"] for member in members]
