"""Who may change metadata: it is the deployment's, so whoever does belongs to its first organisation and holds `manage_metadata` there.

What decides rights, acts, or speaks for others is for administrators (`registry/layers/rights.py`): nobody gets further by it.
"""

from collections.abc import Callable

import msgspec

from fieldstone.access.caller import Caller
from fieldstone.access.capabilities import capabilities, missing
from fieldstone.errors import PermissionDenied
from fieldstone.registry.catalog import Catalog
from fieldstone.registry.layers.looked_at import fields_looked_at
from fieldstone.registry.layers.rights import for_administrators
from fieldstone.services.meta.edits import Edited

MANAGE_METADATA = "manage_metadata"


class Authority(msgspec.Struct, frozen=True):
    """The deployment's organisation, and the names of the permission sets that make an administrator."""

    organization: Callable[[], str]
    administrators: frozenset[str]

    def require_writer(self, catalog: Catalog, caller: Caller) -> None:
        """Raises PermissionDenied for who may not change metadata."""
        if caller.system:
            return
        if MANAGE_METADATA not in capabilities(catalog, caller.sets):
            raise missing(MANAGE_METADATA, caller)
        if caller.organization_id != self.organization():
            raise PermissionDenied(
                "Metadata is the whole deployment's, and is changed in its own organisation alone.",
                hint="Switch to that organisation.",
            )

    def require_administrator(self, catalog: Catalog, caller: Caller) -> None:
        """Raises PermissionDenied for who may not change metadata, and for who is no administrator besides."""
        self.require_writer(catalog, caller)
        if not caller.system and self.administrators.isdisjoint(caller.sets):
            raise PermissionDenied(
                "What the files say may decide what people may do: it is for administrators.",
                details={"subject": caller.id},
            )

    def require_for(self, catalog: Catalog, caller: Caller, kind: str, name: str, change: Edited) -> None:
        """Raises PermissionDenied for a change that takes an administrator, by anybody else."""
        if caller.system or not self.administrators.isdisjoint(caller.sets):
            return
        if for_administrators(kind, change.before, change.after, fields_looked_at(catalog, name)):
            raise PermissionDenied(
                f"This change of {kind} decides what people may do, or acts for them: it is for administrators.",
                details={"subject": caller.id},
            )
