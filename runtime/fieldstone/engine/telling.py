"""What the refusal of a write tells its caller: nothing of fields that he may neither read nor set.

A hidden field can be at fault all the same: required without a default, or part of a unique key.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from fieldstone.access.caller import Caller
from fieldstone.access.policy import Policy
from fieldstone.engine.body import invalid, root_of
from fieldstone.engine.door import Door
from fieldstone.engine.review import may_not_stand
from fieldstone.errors import FieldFault, FieldstoneError, UniqueViolation
from fieldstone.registry.validations.rule import RECORD

_WHOLE = frozenset({RECORD})


def known_fields(door: Door, caller: Caller, policy: Policy) -> frozenset[str]:
    """Returns the fields that may be named to a caller who writes under a policy, and the name of the record as a whole."""
    return policy.writable | door.policies.policy(caller, policy.object, "read").readable | _WHOLE


def refusal(policy: Policy, known: frozenset[str], faults: Iterable[FieldFault]) -> FieldstoneError:
    """Returns the refusal of a row with these faults; when none of them may be told, that of a row that may not stand."""
    told = [fault for fault in faults if root_of(fault.field) in known]
    return invalid(told) if told else may_not_stand(policy)


@contextmanager
def clash_told(known: frozenset[str]) -> Iterator[None]:
    """Cuts what a clash of a unique key within the block tells to the fields that may be named."""
    try:
        yield
    except UniqueViolation as clash:
        clashing = clash.details.get("fields", ())
        fields = [name for name in clashing if name in known]
        if len(fields) == len(clashing):
            raise
        raise UniqueViolation("Another record already has these values.", details={"fields": fields}) from None
