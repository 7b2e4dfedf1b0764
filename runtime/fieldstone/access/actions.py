"""Who may call an action, and which of its parameters he may know of.

A parameter that is like a field of the object is there for whoever may read or set that field, and unknown to everybody else.
"""

from collections.abc import Sequence

from fieldstone.access.caller import Caller
from fieldstone.access.capabilities import capabilities
from fieldstone.access.policies import Policies
from fieldstone.registry.catalog import Action, Catalog, Field


def lacking(catalog: Catalog, caller: Caller, required: Sequence[str]) -> str | None:
    """Returns a capability that an action or a flow asks for and its caller lacks; None when he may call it."""
    if caller.system or not required:
        return None
    held = capabilities(catalog, caller.sets)
    return next((name for name in required if name not in held), None)


def known_params(policies: Policies, caller: Caller, action: Action) -> dict[str, Field]:
    """Returns the parameters that a caller may know of, by name."""
    params = dict(action.params)
    if action.object is None or caller.system:
        return params
    known = policies.policy(caller, action.object, "read").readable
    known |= policies.policy(caller, action.object, "update").writable
    for param in action.declaration.params:
        if param.field is not None and param.field not in known:
            params.pop(param.name or param.field, None)
    return params
