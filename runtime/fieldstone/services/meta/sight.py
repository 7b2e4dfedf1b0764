"""Who may know of what: the objects, actions and flows of one catalog, to the rights of a caller."""

from fieldstone.access.actions import known_params, lacking
from fieldstone.access.caller import Caller
from fieldstone.access.policies import Policies
from fieldstone.access.policy import Action
from fieldstone.query.storage import ObjectShape
from fieldstone.query.viewpoint import Related
from fieldstone.registry.catalog import Action as DeclaredAction
from fieldstone.registry.catalog import Catalog, Object
from fieldstone.services.meta.known_actions import KnownAction
from fieldstone.services.meta.known_objects import KnownObject

ACTIONS: tuple[Action, ...] = ("read", "create", "update", "delete", "restore")


class Sight:
    """What callers may know of the declarations of one catalog; holders of a set of `administrators` know of every kind."""

    def __init__(self, catalog: Catalog, policies: Policies, administrators: frozenset[str]) -> None:
        """Takes the catalog, its policies and the names of the administrators' permission sets."""
        self.catalog = catalog
        self._policies = policies
        self._administrators = administrators

    def objects(self, caller: Caller) -> list[KnownObject]:
        """Returns the objects that a caller has any right on, in the catalog's order."""
        known = (self.known(caller, declared) for declared in self.catalog.objects.values())
        return [item for item in known if item.actions]

    def actions(self, caller: Caller) -> list[KnownAction]:
        """Returns the actions that a caller may call, in the catalog's order."""
        known = (self.callable(caller, action) for action in self.catalog.actions.values())
        return [item for item in known if item is not None]

    def known(self, caller: Caller, declared: Object) -> KnownObject:
        """Returns an object as a caller may know it; he knows nothing of it when he may do nothing with it."""
        policies = {action: self._policies.policy(caller, declared.name, action) for action in ACTIONS}
        return KnownObject(
            object=declared,
            actions=frozenset(action for action, policy in policies.items() if policy.allowed),
            readable=policies["read"].readable,
            creatable=policies["create"].writable,
            updatable=policies["update"].writable,
            masked=frozenset(policies["read"].shape.masks),
        )

    def knows(self, caller: Caller, name: str) -> bool:
        """Tells whether a caller has any right on an object."""
        return bool(self.known(caller, self.catalog.objects[name]).actions)

    def reads(self, caller: Caller, name: str) -> bool:
        """Tells whether a caller may come to see records of an object."""
        offered = caller.system or self.catalog.objects[name].api_enabled
        return offered and self._policies.policy(caller, name, "read").allowed

    def shape(self, caller: Caller, name: str) -> ObjectShape:
        """Returns an object as the queries of a caller see it."""
        return self._policies.policy(caller, name, "read").shape

    def related(self, caller: Caller, name: str) -> Related | None:
        """Returns what the references in a caller's queries lead to; None where he may not look."""
        if not self.reads(caller, name):
            return None
        policy = self._policies.policy(caller, name, "read")
        return Related(policy.shape, policy.rows, self.catalog.objects[name].declaration.max_page_size)

    def readable(self, caller: Caller, name: str) -> frozenset[str]:
        """Returns the fields of an object that a caller reads."""
        return self._policies.policy(caller, name, "read").readable

    def callable(self, caller: Caller, action: DeclaredAction) -> KnownAction | None:
        """Returns an action as a caller may know it; None when he may not call it, or has no right on its object."""
        known = None if action.object is None else self.known(caller, self.catalog.objects[action.object])
        lacks = lacking(self.catalog, caller, action.declaration.required_permissions)
        if (known is not None and not known.actions) or lacks is not None:
            return None
        fields = frozenset[str]() if known is None else known.fields
        return KnownAction(action, known_params(self._policies, caller, action), fields)

    def administers(self, caller: Caller) -> bool:
        """Tells whether a caller knows of everything that is declared."""
        return caller.system or not self._administrators.isdisjoint(caller.sets)
