"""The password asked for again, before what a session alone shall not do; limited as sign-in is, and told as a fault of the body."""

from fieldstone.engine.records import read_first
from fieldstone.errors import FieldFault, Invalid
from fieldstone.identity.documents import UserDocument
from fieldstone.identity.means import Means, session_key


async def check_password(means: Means, user: UserDocument, password: str, field: str = "password") -> None:
    """Raises Invalid for a wrong password of whoever is signed in, RateLimited before too many are tried."""
    await means.throttle.admit(session_key(user.id))
    stored = await read_first(means.execute, "sys_user", {"id": user.id}, ("password",))
    if not await means.passwords.verify(password, stored["password"] if stored else None):
        called = "current password" if field == "currentPassword" else "password"
        fault = FieldFault(field, "invalid_value", f"The {called} is not right.")
        raise Invalid(fault.message, faults=[fault])
