"""Failures: what PostgreSQL's driver raises, as errors of our tree. No text of the database gets into a message."""

import asyncpg

from fieldstone.errors import FieldstoneError, Internal, SerializationFailure, Unavailable
from fieldstone.store.database import UniqueKeys
from fieldstone.store.failures import out_of_range, reference_conflict, too_slow, unique_violation, unstorable

POSTGRES_FAILURES = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
    TimeoutError,
    OverflowError,
    UnicodeError,
)
"""`InternalClientError`: a statement begun between the server's last word and the end of the connection."""

_LOST = (
    asyncpg.PostgresConnectionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
)
_AGAIN = (
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.LockNotAvailableError,
    asyncpg.InvalidCachedStatementError,
)


def postgres_failure(error: Exception, unique_keys: UniqueKeys) -> FieldstoneError:
    """Returns the error of our tree for one of `POSTGRES_FAILURES`."""
    match error:
        case asyncpg.UniqueViolationError():
            return unique_violation(unique_keys.get(str(error.constraint_name), ("id",)))
        case asyncpg.ForeignKeyViolationError():
            return reference_conflict()
        case asyncpg.QueryCanceledError() | TimeoutError():
            return too_slow()
        case asyncpg.NumericValueOutOfRangeError():
            return out_of_range()
        case asyncpg.DataError() | UnicodeError() | OverflowError():
            return unstorable()
    if isinstance(error, _AGAIN):
        return SerializationFailure("Another transaction has changed the same records in between.")
    if isinstance(error, _LOST):
        return Unavailable("The database cannot be reached.")
    return Internal("The database refused a statement.")
