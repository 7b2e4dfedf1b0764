"""Failures: what SQLite raises, as errors of our tree, and what each is called, whichever database it is of.

No text of a database gets into a message. What the other driver raises: `postgres_failures.py`.
"""

import sqlite3
from collections.abc import Iterable

from fieldstone.errors import (
    Conflict,
    FieldstoneError,
    Internal,
    Invalid,
    SerializationFailure,
    Timeout,
    Unavailable,
    UniqueViolation,
)

TENANT = "organization_id"

_UNIQUE = (sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY)
_NOT_NOW = (
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
)

_RAISED = "user-defined function raised exception"
"""What SQLite tells of our own functions, which raise only for numbers that no column holds."""

SQLITE_FAILURES = (sqlite3.Error, OverflowError, UnicodeEncodeError)


def sqlite_failure(error: Exception) -> FieldstoneError:
    """Returns the error of our tree for one of `SQLITE_FAILURES`."""
    if not isinstance(error, sqlite3.Error):
        return unstorable()
    code = getattr(error, "sqlite_errorcode", 0)
    if code in _UNIQUE:
        # The text ends with the key's columns, such as `ticket.organization_id, ticket.number`.
        names = str(error).partition(": ")[2].split(", ")
        return unique_violation(name.partition(".")[2] for name in names)
    if code == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
        return reference_conflict()
    if code == sqlite3.SQLITE_BUSY_SNAPSHOT:
        return SerializationFailure("Another process has changed the database in between.")
    if code == sqlite3.SQLITE_INTERRUPT:
        return too_slow()
    if code & 0xFF in _NOT_NOW:
        return Unavailable("The database cannot do this right now.")
    if isinstance(error, sqlite3.DataError):
        return unstorable()
    return out_of_range() if str(error) == _RAISED else Internal("The database refused a statement.")


def unique_violation(columns: Iterable[str]) -> UniqueViolation:
    """Returns the clash of a unique key; it names the key's declared fields."""
    fields = [name for name in columns if name != TENANT]
    named = ", ".join(f"`{name}`" for name in fields)
    return UniqueViolation(f"Another record already has this value of {named}.", details={"fields": fields})


def too_slow() -> Timeout:
    """Returns the failure of a statement over its time limit."""
    return Timeout(
        "The database took too long.", hint="Ask for less, or for an order and filters that an index serves."
    )


def busy() -> Unavailable:
    """Returns the failure of a wait for a connection, or for a turn to write, that took too long."""
    return Unavailable("The database is busy.", hint="Try again in a moment.")


def out_of_range() -> Invalid:
    """Returns the refusal of a computation whose result is beyond all numbers of its kind."""
    return Invalid("A result is beyond what its kind of number can hold.")


def reference_conflict() -> Conflict:
    """Returns the clash of a reference with a change of what it points to."""
    return Conflict("A record that this one refers to, or one that refers to it, was changed at the same time.")


def unstorable() -> Invalid:
    """Returns the refusal of a value that no column holds."""
    return Invalid("A value cannot be stored, or compared with what is stored.")
