"""Rights: what a caller may do, object by object, as his policies say (contract 4.8). Nothing is told of what he has no right on."""

from collections.abc import Iterator

import msgspec

from fieldstone.access.caller import Caller
from fieldstone.access.capabilities import capabilities
from fieldstone.access.policies import Policies
from fieldstone.access.policy import Action
from fieldstone.registry.catalog import Catalog

_ACTIONS: tuple[Action, ...] = ("read", "create", "update", "delete", "restore", "purge")


class FieldRights(msgspec.Struct, frozen=True):
    """What a caller may do with a field; a field that he may neither read nor set is left out."""

    readable: bool
    editable: bool


class ObjectRights(msgspec.Struct, frozen=True, rename="camel"):
    """What a caller may do with the records of an object, where their rows let him; `fields` are those of reading and of an update."""

    allow_read: bool
    allow_create: bool
    allow_edit: bool
    allow_delete: bool
    allow_restore: bool
    allow_purge: bool
    allow_export: bool
    allow_transfer: bool
    fields: dict[str, FieldRights]


class OwnRights(msgspec.Struct, frozen=True, rename="camel"):
    """Everything that a caller may do, in his active organisation."""

    user_id: str | None
    organization_id: str | None
    roles: list[str]
    positions: list[str]
    permission_sets: list[str]
    system_permissions: list[str]
    scopes: list[str] | None
    objects: dict[str, ObjectRights]


class Rights:
    """Tells of the rights of callers; made for one catalog."""

    def __init__(self, catalog: Catalog, policies: Policies) -> None:
        self._catalog = catalog
        self._policies = policies

    def of(self, caller: Caller) -> OwnRights:
        """Returns what a caller may do."""
        return OwnRights(
            user_id=caller.id,
            organization_id=caller.organization_id,
            roles=list(caller.values.get("roles", ())),
            positions=list(caller.values.get("positions", ())),
            permission_sets=sorted(caller.sets),
            system_permissions=sorted(capabilities(self._catalog, caller.sets)),
            scopes=None if caller.scopes is None else sorted(caller.scopes),
            objects=dict(self._objects(caller)),
        )

    def _objects(self, caller: Caller) -> Iterator[tuple[str, ObjectRights]]:
        for name, subject in self._catalog.objects.items():
            policies = {action: self._policies.policy(caller, name, action) for action in _ACTIONS}
            if not subject.api_enabled or not any(policy.allowed for policy in policies.values()):
                continue
            readable, writable = policies["read"].readable, policies["update"].writable
            told = [field for field in subject.fields if field in readable or field in writable]
            yield (
                name,
                ObjectRights(
                    allow_read=policies["read"].allowed,
                    allow_create=policies["create"].allowed,
                    allow_edit=policies["update"].allowed,
                    allow_delete=policies["delete"].allowed,
                    allow_restore=policies["restore"].allowed,
                    allow_purge=policies["purge"].allowed,
                    allow_export=self._policies.export(caller, name).allowed,
                    allow_transfer="owner_id" in writable,
                    fields={field: FieldRights(field in readable, field in writable) for field in told},
                ),
            )
