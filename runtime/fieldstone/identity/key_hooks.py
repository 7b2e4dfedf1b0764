"""What API keys insist on whenever they are written, by whichever road.

A key that makes another passes on its own end, and takes the other along when it is revoked or deleted. Refuses: a key that is over before
it begins or outlives the one that makes it, a change of whose it is or what it reaches, and to bring a revoked one back.
"""

from fieldstone.access.caller import SYSTEM
from fieldstone.engine.hooks import Change, Context, Hook
from fieldstone.engine.operation import Update
from fieldstone.engine.records import read_first, read_records
from fieldstone.errors import FieldFault, Invalid, PermissionDenied

KEY = "sys_api_key"
CHANGEABLE = frozenset({"name", "revoked"})
"""What may be changed of a key once it is made."""


async def keep_within_the_key_that_makes_it(context: Context, change: Change) -> None:
    """Ends a new key with the key that makes it, unless it is to end before; refuses one that would outlive it."""
    made_with = change.values.get("made_with")
    if made_with is None:
        return
    maker = await read_first(context.execute, KEY, {"id": made_with}, ("expires_at",))
    end = None if maker is None else maker["expires_at"]
    if end is None:
        return
    wanted = change.values.get("expires_at")
    if wanted is None:
        change.values["expires_at"] = end
    elif wanted > end:
        raise PermissionDenied("A key cannot outlive the one that makes it.", details={"expires_at": end})


async def refuse_a_key_that_is_over(context: Context, change: Change) -> None:
    """Refuses an API key whose time is over before it begins."""
    expires_at = change.values.get("expires_at")
    if expires_at is not None and expires_at <= context.now:
        fault = FieldFault("expires_at", "min_value", "The key would be over already.")
        raise Invalid(fault.message, faults=[fault])


async def keep_the_reach_of_a_key(context: Context, change: Change) -> None:
    """Refuses to change whose key it is, what it reaches or when it ends, and to bring a revoked one back."""
    forbidden = sorted(set(change.values) - CHANGEABLE)
    if forbidden and not context.caller.system:
        raise PermissionDenied("A key keeps its user, scopes and end.", details={"forbiddenFields": forbidden})
    if change.previous is not None and change.previous["revoked"] and change.values.get("revoked", True) is not True:
        raise PermissionDenied("A key that is revoked stays so.", hint="Make a new one.")


async def revoke_what_it_made(context: Context, change: Change) -> None:
    """Revokes the keys that a revoked key has made."""
    if change.values.get("revoked") is True:
        made = {"made_with": change.id, "revoked": False}
        for key in await read_records(context.execute, KEY, made, ("id",)):
            await context.execute(Update(KEY, key["id"], {"revoked": True}), SYSTEM)


KEY_HOOKS = (
    Hook("keep_within_the_key_that_makes_it", KEY, "before_create", keep_within_the_key_that_makes_it),
    Hook("refuse_a_key_that_is_over", KEY, "before_create", refuse_a_key_that_is_over),
    Hook("keep_the_reach_of_a_key", KEY, "before_update", keep_the_reach_of_a_key),
    Hook("revoke_what_it_made", KEY, "after_update", revoke_what_it_made),
)
"""The hooks of `sys_api_key`, in their order."""
