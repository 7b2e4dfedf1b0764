"""What a user's second factor insists on whenever his record is written, by whichever road.

Off takes all of it along; a new password makes every trusted device ask again. Refuses to turn it on for anybody, and to turn one's own
off, without its flow (`second_factor.py`): an administrator turns off that of somebody who has lost his device and his codes.
"""

from fieldstone.access.caller import SYSTEM
from fieldstone.engine.hooks import Change, Context, Hook
from fieldstone.engine.operation import Delete, Update
from fieldstone.errors import PermissionDenied
from fieldstone.identity.enrolment import OBJECT, find_enrolment

FLAG = "two_factor_enabled"


async def keep_the_second_factor(context: Context, change: Change) -> None:
    """Refuses to turn a second factor on, and to turn one's own off, as a mere change of a record."""
    if context.caller.system or FLAG not in change.values:
        return
    if change.values[FLAG]:
        raise PermissionDenied("Each user turns two-factor on for himself.", details={"forbiddenFields": [FLAG]})
    if context.caller.id == change.id:
        raise PermissionDenied("Turn your own two-factor off with your password.", details={"forbiddenFields": [FLAG]})


async def follow_the_user(context: Context, change: Change) -> None:
    """Forgets the second factor that was turned off, and trusts no device any more once there is a new password."""
    off = change.values.get(FLAG, True) is not True
    if not off and "password" not in change.values:
        return
    enrolment = await find_enrolment(context.execute, change.id)
    if enrolment is None:
        return
    if off:
        await context.execute(Delete(OBJECT, enrolment.id), SYSTEM)
    else:
        await context.execute(Update(OBJECT, enrolment.id, {"trust": enrolment.trust + 1}), SYSTEM)


SECOND_FACTOR_HOOKS = (
    Hook("keep_the_second_factor", "sys_user", "before_create", keep_the_second_factor),
    Hook("keep_the_second_factor", "sys_user", "before_update", keep_the_second_factor),
    Hook("follow_the_user", "sys_user", "after_update", follow_the_user),
)
"""The hooks of second factors, in their order."""
