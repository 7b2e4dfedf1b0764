"""Every error Fieldstone raises on purpose: one tree, each class with a stable code.

An error carries a message for a person, `details` for a program and, when there is a next step, a `hint`. The HTTP
status is not decided here but once, at the edge (`surfaces/http`).
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar

import msgspec


class Place(msgspec.Struct, frozen=True, order=True):
    """A position in a declaration file; line and column count from 1, and are 0 for what stands in no file, but in an overlay."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


class Fault(msgspec.Struct, frozen=True):
    """One thing wrong with a declaration: where, which code, what, and how to mend it."""

    place: Place
    code: str
    message: str
    hint: str | None = None

    def __str__(self) -> str:
        mend = f" ({self.hint})" if self.hint else ""
        return f"{self.place} {self.code} {self.message}{mend}"


class FieldFault(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing wrong with one field of an input; `code` is of contract 10.2's closed list of field codes.

    `constraint` is the limit that was passed, `value` what was sent: left out where it is long, has parts or is a secret.
    """

    field: str
    code: str
    message: str
    label: str | None = None
    constraint: Any = None
    value: Any = None


class FieldstoneError(Exception):
    """The root of the tree."""

    code: ClassVar[str] = "INTERNAL"

    def __init__(self, message: str, *, details: dict[str, Any] | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.details: dict[str, Any] = dict(details or {})
        if hint is not None:
            self.details["hint"] = hint


class DeclarationError(FieldstoneError):
    """Declarations that do not compile; holds every fault of every file."""

    code = "DECLARATION_ERROR"

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(sorted(faults, key=lambda fault: (fault.place, fault.code)))
        count = len(self.faults)
        super().__init__(f"{count} fault{'s' if count != 1 else ''} in the declarations")

    def __str__(self) -> str:
        return "\n".join([self.message, *map(str, self.faults)])


class SettingsError(FieldstoneError):
    """A setting that is missing or cannot be read."""

    code = "SETTINGS_ERROR"


class Unauthenticated(FieldstoneError):
    """No session, or one that is over."""

    code = "UNAUTHENTICATED"


class PermissionDenied(FieldstoneError):
    """The caller may not do this; `details` names the missing permission."""

    code = "PERMISSION_DENIED"


class EmailNotVerified(PermissionDenied):
    """The password is right, and the address has not been verified yet."""

    code = "EMAIL_NOT_VERIFIED"


class NotOverridable(PermissionDenied):
    """A declaration that stays as its package has it."""

    code = "NOT_OVERRIDABLE"


class NotCreatable(PermissionDenied):
    """A declaration that comes with a package alone."""

    code = "NOT_CREATABLE"


class NotFound(FieldstoneError):
    """The thing does not exist, or the caller may not know that it does."""

    code = "NOT_FOUND"


class Invalid(FieldstoneError):
    """An input that is not acceptable; `reason` narrows it, `faults` name the fields, all at once."""

    code = "VALIDATION_ERROR"

    def __init__(
        self,
        message: str,
        *,
        reason: str | None = None,
        path: str | None = None,
        faults: Sequence[FieldFault] = (),
        details: dict[str, Any] | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message, details=details, hint=hint)
        self.faults = tuple(faults)
        if reason is not None:
            self.details["reason"] = reason
        if path is not None:
            self.details["path"] = path
        if self.faults:
            self.details["fields"] = [msgspec.to_builtins(fault, builtin_types=(Decimal,)) for fault in self.faults]


class Conflict(FieldstoneError):
    """The state of things does not allow it."""

    code = "CONFLICT"


class ConcurrentUpdate(Conflict):
    """The record is not at the version that the caller named."""

    code = "CONCURRENT_UPDATE"


class UniqueViolation(Conflict):
    """A unique key that is already held; `details.fields` names the key's fields."""

    code = "UNIQUE_VIOLATION"


class DeleteRestricted(Conflict):
    """A record that cannot go because others refer to it."""

    code = "DELETE_RESTRICTED"


class DestructiveChange(Conflict):
    """A change of metadata that loses what is stored; `details.changes` name what."""

    code = "DESTRUCTIVE_CHANGE"


class IdempotencyKeyReused(Conflict):
    """An idempotency key that its caller has used for another request."""

    code = "IDEMPOTENCY_KEY_REUSED"


class AmbiguousAction(Conflict):
    """A name that several objects have an action by; `details.actions` tells them apart."""

    code = "AMBIGUOUS_ACTION"


class QueryTooExpensive(FieldstoneError):
    """A query that would read more than its caller's budget; `details` name the budget and the index that would make it cheap."""

    code = "QUERY_TOO_EXPENSIVE"


class NotOffered(FieldstoneError):
    """This deployment has nothing that could do it; `hint` names the setting that is missing."""

    code = "NOT_IMPLEMENTED"


class ExternalService(FieldstoneError):
    """Somebody outside did not answer as he should; trying again later may help."""

    code = "EXTERNAL_SERVICE_ERROR"


class OutboundRefused(FieldstoneError):
    """A request to the outside that may not be made."""

    code = "OUTBOUND_REFUSED"


class PayloadTooLarge(FieldstoneError):
    """A body over the limit."""

    code = "PAYLOAD_TOO_LARGE"


class BatchTooLarge(FieldstoneError):
    """More rows in one request than allowed."""

    code = "BATCH_TOO_LARGE"


class RolledBack(FieldstoneError):
    """A row of an atomic batch that was good, and is undone because another was not."""

    code = "ROLLED_BACK"


class NotAttempted(FieldstoneError):
    """A row of an atomic batch that was not tried, because another had failed before."""

    code = "NOT_ATTEMPTED"


class MethodNotAllowed(FieldstoneError):
    """The path exists, but not for this method; `details.allow` lists the methods."""

    code = "METHOD_NOT_ALLOWED"


class UnsupportedMediaType(FieldstoneError):
    """A body in a format that the route does not take."""

    code = "UNSUPPORTED_MEDIA_TYPE"


class RateLimited(FieldstoneError):
    """Too many requests; `details.retryAfter` is in seconds."""

    code = "RATE_LIMITED"


class Unavailable(FieldstoneError):
    """Not possible right now; trying again later may help."""

    code = "SERVICE_UNAVAILABLE"


class SerializationFailure(Unavailable):
    """The database asks for the whole unit to be tried again."""


class Timeout(FieldstoneError):
    """It took longer than allowed."""

    code = "TIMEOUT"


class FlowFailed(FieldstoneError):
    """A flow that came to a step which failed; `details.nodeId` names it."""

    code = "FLOW_FAILED"


class FlowRefused(FlowFailed):
    """What the steps of an action, a hook or a flow refuse, in words of their own."""

    code = "FLOW_REFUSED"


class FlowDisabled(Conflict):
    """A flow that is not active, so that nobody begins it."""

    code = "FLOW_DISABLED"


class FlowLoop(FieldstoneError):
    """A flow that was begun by its own doing, on the same record or in a row without an end; that run is skipped."""

    code = "FLOW_LOOP"


class FlowNoStart(FieldstoneError):
    """A flow that begins by itself, when a record is written or at its times, and is not started by anybody."""

    code = "FLOW_NO_START_NODE"


class InvalidState(Conflict):
    """Not possible in the state that the thing is in: a run that is over, or waits for nothing."""

    code = "INVALID_STATE"


class InvalidScreenInput(Invalid):
    """Inputs that the screen of a run does not take; the run waits on."""

    code = "INVALID_SCREEN_INPUT"


class FlowMistake(FieldstoneError):
    """A flow whose declaration does not fit what it met: no retry mends it, and no fault edge catches it."""

    code = "FLOW_MISTAKE"


class Internal(FieldstoneError):
    """A fault of ours; nothing of its cause is shown."""

    code = "INTERNAL"


def error_of_code(code: str, message: str, details: Mapping[str, Any]) -> FieldstoneError:
    """Returns an error as it was told of by its code; INTERNAL for a code that no error has."""
    return _by_code(FieldstoneError).get(code, Internal)(message, details=dict(details))


def _by_code(root: type[FieldstoneError]) -> dict[str, type[FieldstoneError]]:
    found = {root.code: root}
    for child in root.__subclasses__():
        if child.__module__ == root.__module__ and child is not DeclarationError:
            found = {**_by_code(child), **found}
    return found
