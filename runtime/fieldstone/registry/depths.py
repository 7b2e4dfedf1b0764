"""Depth scopes in permission sets: refuses those that open nothing, and those that let somebody write what he does not read."""

from collections.abc import Iterator

from fieldstone.errors import Fault
from fieldstone.kinds.permission import Depth, ObjectGrant, PermissionDeclaration
from fieldstone.registry.catalog import Object
from fieldstone.registry.codes import Code
from fieldstone.registry.documents import Document
from fieldstone.registry.known import Known

READ, WRITE = "readScope", "writeScope"
WITHIN: dict[Depth, frozenset[Depth]] = {
    "own": frozenset({"own"}),
    "own_and_reports": frozenset({"own", "own_and_reports"}),
    "unit": frozenset({"own", "unit"}),
    "unit_and_below": frozenset({"own", "unit", "unit_and_below"}),
    "org": frozenset({"own", "own_and_reports", "unit", "unit_and_below", "org"}),
}
"""What lies within each depth, itself among it; neither of reports and units lies within the other."""


def depth_faults(document: Document, declaration: PermissionDeclaration, objects: Known[Object]) -> Iterator[Fault]:
    """Yields everything wrong with the depth scopes of a set."""
    for name, grant in declaration.objects.items():
        subject = objects.get(name)
        for key, depth in ((READ, grant.read_scope), (WRITE, grant.write_scope)):
            idle = None if depth == "own" else _idle(key, depth, grant, subject)
            if idle is not None:
                yield document.fault(("objects", name, key), Code.SCOPE_IDLE, *idle)
        if grant.write_scope not in WITHIN[_read_depth(grant, subject)]:
            message = (
                f"`{WRITE}: {grant.write_scope}` is wider than what is read, and nobody writes what he does not see."
            )
            hint = f"Say `{READ}: {grant.write_scope}`, too."
            yield document.fault(("objects", name, WRITE), Code.WRONG_VALUE, message, hint)


def _idle(key: str, depth: Depth, grant: ObjectGrant, subject: Object | None) -> tuple[str, str] | None:
    """Returns why a scope that is more than `own` opens nothing, and what to do; None when it opens something."""
    reads = grant.allow_read or grant.view_all_records or grant.modify_all_records
    if not (reads if key == READ else grant.allow_edit):
        right = "allowRead" if key == READ else "allowEdit"
        return f"`{key}: {depth}` widens a right that is not given.", f"Add `{right}: true`, or drop it."
    lifted = [
        name
        for name, given in (
            ("viewAllRecords", grant.view_all_records and key == READ),
            ("modifyAllRecords", grant.modify_all_records),
        )
        if given
    ]
    if lifted:
        return f"`{lifted[0]}` opens more than `{key}: {depth}` already.", "Drop one of the two."
    if subject is None:
        return None
    if subject.sharing_model == "controlled_by_parent":
        parent = subject.parent.reference if subject.parent else None
        return f"`{subject.name}` is reached as its parent is, not by `{key}`.", f"Say it of `{parent}`."
    if subject.sharing_model == "public_read_write" or (subject.sharing_model == "public_read" and key == READ):
        return f"`{key}: {depth}` opens nothing: `{subject.name}` is `{subject.sharing_model}`.", "Drop it."
    if not subject.owned and depth != "org":
        return (
            f"`{subject.name}` has no owners, so that `{key}: {depth}` opens nothing.",
            f"Say `{key}: org`, or drop it.",
        )
    return None


def _read_depth(grant: ObjectGrant, subject: Object | None) -> Depth:
    """Returns how far somebody reads; where every record is read, that is everywhere."""
    public = subject is not None and subject.sharing_model != "private"
    return "org" if public or grant.view_all_records or grant.modify_all_records else grant.read_scope
