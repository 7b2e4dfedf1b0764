"""Faults of declarations as somebody is told of them who sent one: by their paths in it, or by their places within packages."""

from typing import Any

from fieldstone.errors import DeclarationError, DestructiveChange, Fault, FieldstoneError, Invalid
from fieldstone.registry.catalog import Catalog
from fieldstone.registry.codes import Code
from fieldstone.registry.layers.overlay import place_of

REASON = "INVALID_METADATA"
MIGRATE = "Change the files, and bring the database along: `fieldstone migrate`."


def refused(error: DeclarationError, catalog: Catalog, kind: str, name: str) -> FieldstoneError:
    """Returns what is answered to a change that does not compile, or that the database does not allow without a migration."""
    told = [told_fault(fault, catalog, kind, name) for fault in error.faults]
    if error.faults and all(fault.code == Code.NEEDS_MIGRATION for fault in error.faults):
        message = "What is stored would have to be changed, which a change of metadata does not do."
        return DestructiveChange(message, details={"changes": told}, hint=MIGRATE)
    count = len(told)
    message = f"The change has {count} fault{'s' if count != 1 else ''}."
    return Invalid(message, reason=REASON, details={"faults": told})


def refused_files(error: DeclarationError, catalog: Catalog) -> Invalid:
    """Returns what is answered where the files have faults; what was there before is in force still."""
    told = [told_fault(fault, catalog, "", "") for fault in error.faults]
    count = len(told)
    message = f"The files have {count} fault{'s' if count != 1 else ''}; what was there before is still served."
    return Invalid(message, reason=REASON, details={"faults": told})


def told_fault(fault: Fault, catalog: Catalog, kind: str, name: str) -> dict[str, Any]:
    """Returns a fault with its path where it stands in the item that was sent, with its place elsewhere."""
    own = place_of(kind, name)
    told: dict[str, Any] = {}
    if fault.place.file == own or fault.place.file.startswith(f"{own}: "):
        told["path"] = fault.place.file[len(own) + 2 :]
    else:
        told["place"] = catalog.told(fault.place)
    return told | {"code": fault.code, "message": fault.message} | ({"hint": fault.hint} if fault.hint else {})
