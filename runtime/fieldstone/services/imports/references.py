"""References of an import: the records that cells mean, by id, by name, or by a value that no two have.

All cells of a column are looked up together, among the records that the caller may see and may choose: one that he may not see is
one that is not there, and two of the same name are two only where he sees both.
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from fieldstone.access.caller import Caller
from fieldstone.access.policy import Policy
from fieldstone.engine.door import Door
from fieldstone.engine.gate import may_look
from fieldstone.engine.operation import ImportColumn
from fieldstone.engine.unit import Fetch
from fieldstone.ids import is_id
from fieldstone.query.ast import EVERYTHING
from fieldstone.query.storage import StorageClass
from fieldstone.registry.catalog import Field
from fieldstone.store.binds import Binds

_ENOUGH = 2
"""How many records of one name make it ambiguous."""

Means = Mapping[str, frozenset[str]]
"""The ids of the records that a text means, several where it is ambiguous; texts that mean none are left out."""


class Searched(msgspec.Struct, frozen=True, eq=False):
    """Where the records of a reference are looked for, and by which of their fields."""

    policy: Policy
    fields: tuple[str, ...]
    by_id: bool


def searched_fields(door: Door, caller: Caller, field: Field, column: ImportColumn) -> Searched | None:
    """Returns how the records of a reference are found for a caller; None where he may see none, or not the field that is named."""
    target = str(field.reference)
    if not may_look(door, caller, target):
        return None
    subject, policy = door.catalog.objects[target], door.policies.policy(caller, target, "read")
    natural = {
        name: policy.shape.fields[name]
        for name, known in subject.fields.items()
        if name in policy.shape.fields and (name == subject.declaration.name_field or known.unique is not None)
    }
    texts = tuple(
        name
        for name, shape in natural.items()
        if shape.storage.kind == StorageClass.TEXT and shape.formula is None and name != "id"
    )
    if column.by is None or column.by == "id":
        return Searched(policy, () if column.by else texts, by_id=True)
    known = subject.fields.get(column.by)
    return Searched(policy, (column.by,), by_id=False) if known is not None and column.by in texts else None


async def find_meant(
    door: Door, fetch: Fetch, caller: Caller, field: Field, searched: Searched, texts: Iterable[str]
) -> Means:
    """Returns what texts mean: the record with that id, else those with that name or unique value.

    Whether there is a record with an id is asked when the row is written: a reference that stays as it is may be sent along.
    """
    wanted = dict.fromkeys(texts)
    where, values = (EVERYTHING, ()) if field.choice is None else (field.choice.where, field.choice.values)
    found: dict[str, frozenset[str]] = {text: frozenset((text,)) for text in wanted if searched.by_id and is_id(text)}
    left = [text for text in wanted if text not in found]
    for name in searched.fields if left else ():
        statement = door.plans.called(searched.policy, name, where, len(values) + 1)
        spelled = _spellings(door.catalog.objects[searched.policy.object].fields[name], left)
        rows = await fetch(statement, Binds((list(spelled), *values, _ENOUGH), caller.values, door.clock()))
        for record_id, value in rows:
            for text in spelled[value]:
                found[text] = found.get(text, frozenset()) | {record_id}
    return found


def _spellings(field: Field, texts: Sequence[str]) -> Mapping[str, list[str]]:
    """Returns texts by the values that they are in a field: addresses are kept in lower case."""
    spelled: dict[str, list[str]] = {}
    for text in texts:
        spelled.setdefault(text.lower() if field.type.name == "email" else text, []).append(text)
    return spelled
