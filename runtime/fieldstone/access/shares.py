"""Record shares: which records of an object somebody has opened to the caller, and which objects can be shared at all (contract 4.7).

A share is a row of `sys_record_share`, and acts in the organisation in which it was granted. What it opens is part of the record scope:
within the object right, and narrowed by the row policies of the set that gives it. Reads nothing, refuses nothing.
"""

from collections.abc import Iterable

from fieldstone.access.capabilities import capabilities
from fieldstone.access.grants import grant_of, held_sets
from fieldstone.access.policy import Action
from fieldstone.query.ast import NOTHING, CallerValue, Exists, Filter, Literal, Term, conjunction
from fieldstone.registry.catalog import Catalog, Object
from fieldstone.registry.record_share import EDIT, SHARES

MANAGE_SHARING = "manage_sharing"

_HERE = Term("organization_id", "eq", CallerValue("organization_id"))
_WITH_CALLER = Term("recipient_id", "in", CallerValue("recipient_ids"))
_TO_EDIT = Term("access_level", "eq", Literal(EDIT))


def is_shareable(subject: Object) -> bool:
    """Tells whether a share can open anything: not where every record is open anyway, the parent decides, or there is no organisation."""
    return subject.walled and subject.sharing_model in ("private", "public_read")


def sharing_root(catalog: Catalog, subject: Object) -> str:
    """Returns the object whose shares decide on the records of one: itself, or the parent at the top of those that control it."""
    while subject.sharing_model == "controlled_by_parent" and subject.parent is not None and subject.parent.reference:
        subject = catalog.objects[subject.parent.reference]
    return subject.name


def may_share_any(catalog: Catalog, sets: Iterable[str], subject: Object) -> bool:
    """Tells whether somebody shares records of an object that are not his: who changes all of them, or manages sharing."""
    held = held_sets(catalog, sets)
    grants = (grant_of(item, subject) for item in held)
    if any(grant is not None and grant.modify_all_records for grant in grants):
        return True
    return MANAGE_SHARING in capabilities(catalog, (item.name for item in held))


def shared_rows(subject: Object, action: Action) -> Filter:
    """Returns the rows of an object that are shared with the caller for an action; reading and changing are all that is shared."""
    if action not in ("read", "update") or not is_shareable(subject):
        return NOTHING
    of_object = Term("object_name", "eq", Literal(subject.name))
    levels = (_TO_EDIT,) if action == "update" else ()
    return Exists(SHARES, "id", "record_id", conjunction(_HERE, _WITH_CALLER, of_object, *levels), gathered=True)
