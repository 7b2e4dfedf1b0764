"""Kind `hook`: what is done within every write of some objects, before it or behind it (contract 2.6)."""

from typing import Annotated, ClassVar, Literal

import msgspec

from fieldstone.kinds.declaration import Declared, Kind, Name
from fieldstone.kinds.step import Expression, Steps

HookEvent = Literal["beforeInsert", "afterInsert", "beforeUpdate", "afterUpdate", "beforeDelete", "afterDelete"]
EVERY_OBJECT = "*"


class HookDeclaration(Declared, frozen=True, kw_only=True):
    """A hook: a function of a package's `handlers.py`, or steps that are done at once.

    It runs in the transaction of the write and acts as its writer, unless it says `runAs: system`. Whatever it raises undoes the write.
    One before a write may change the values that are written; what is wrong with them then is found as if they had been sent.
    """

    elsewhere: ClassVar[dict[str, str]] = {
        "objectName": "Say `object`.",
        "body": "Say `steps`, or name a function of the package's `handlers.py` as the `handler`.",
        "async": "What may come later is a flow with a `trigger`.",
        "retryPolicy": "What may be tried again is a flow with a `trigger`.",
        "onError": "A hook that fails undoes the write; what may fail by itself is a flow with a `trigger`.",
    }

    name: Name
    """The name, new among all hooks."""
    label: str | None = None
    """What people call it; told by `/meta`."""
    description: str | None = None
    """What it is for; told by `/meta`."""
    object: str | tuple[str, ...]
    """The object, or several; `'*'` for every object but the platform's own."""
    events: Annotated[tuple[HookEvent, ...], msgspec.Meta(min_length=1)]
    """The writes that it is part of."""
    condition: Expression | None = None
    """A CEL expression over `record` (as it will be), `previous` (null for a new one) and `current_user`; it runs only where that holds."""
    handler: str | None = None
    """A function of the package's `handlers.py`, by its name there."""
    steps: Steps | None = None
    """Steps, as a flow has them, in place of a `handler`."""
    run_as: Literal["user", "system"] = "user"
    """`system`: its operations on records are the system's."""
    priority: Annotated[int, msgspec.Meta(ge=0, le=10_000)] = 100
    """Hooks of one event run in the order of this number, and by name where it is the same."""
    timeout: Annotated[int, msgspec.Meta(ge=1, le=30_000)] = 5_000
    """How long it may take, in milliseconds; the write is refused when it takes longer."""


HOOK = Kind(
    name="hook",
    plural="hooks",
    struct=HookDeclaration,
    summary="What is done within every write of some objects",
)
