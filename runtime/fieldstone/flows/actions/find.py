"""Which action a name means. Refuses one that no action has, and one that several objects have an action by."""

from fieldstone.errors import AmbiguousAction, NotFound
from fieldstone.query.names import did_you_mean, shown
from fieldstone.registry.actions import GLOBAL
from fieldstone.registry.catalog import Action, Catalog


def find_action(catalog: Catalog, name: str, object_name: str | None = None) -> Action:
    """Returns the action of an object (`global`: of none), or the only one of its name; raises NotFound, AmbiguousAction."""
    if object_name is not None:
        key = name if object_name == GLOBAL else f"{object_name}.{name}"
        found = catalog.actions.get(key)
        if found is None or found.name != name:
            raise _unknown(catalog, key)
        return found
    if name in catalog.actions:
        return catalog.actions[name]
    candidates = [action for action in catalog.actions.values() if action.name == name]
    if not candidates:
        raise _unknown(catalog, name)
    if len(candidates) > 1:
        keys = [action.key for action in candidates]
        raise AmbiguousAction(
            f"`{name}` is an action of several objects: {', '.join(f'`{key}`' for key in keys)}.",
            details={"actions": keys},
            hint=f"Call `{keys[0]}`, or name the object in the path.",
        )
    return candidates[0]


def _unknown(catalog: Catalog, name: str) -> NotFound:
    return NotFound(
        f"No action `{shown(name)}`.", details={"action": shown(name)}, hint=did_you_mean(name, catalog.actions)
    )
