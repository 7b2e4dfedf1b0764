"""Steps as they are declared: the keys that every kind of step takes; its own are said in its module (`flows/steps`).

Steps stand in two dialects: as items of a list (`steps`), and as nodes of a graph (`nodes`, whose `config` is the kind's own).
"""

from typing import Annotated, Any, ClassVar, Literal

import msgspec

from fieldstone.kinds.declaration import Declared, Name

Expression = Annotated[str, msgspec.Meta(min_length=1)]
"""A CEL expression."""

Milliseconds = Annotated[int, msgspec.Meta(ge=1, le=31 * 24 * 3_600_000)]
"""A span of time, up to 31 days."""

STEP = "Step"
"""The name of the JSON Schema of a step, which fits a step of any kind."""

Steps = Annotated[
    tuple[dict[str, Any], ...],
    msgspec.Meta(
        min_length=1, description="A list of steps.", extra_json_schema={"items": {"$ref": f"#/$defs/{STEP}"}}
    ),
]
"""Steps one after the other; each is held against the Struct of its `type`."""


class Retry(Declared, frozen=True, kw_only=True):
    """How a step that failed is tried again."""

    attempts: Annotated[int, msgspec.Meta(ge=2, le=11)]
    """How often it is tried in all."""
    backoff_ms: Milliseconds = 1000
    """How long the second try waits."""
    multiplier: Annotated[float, msgspec.Meta(ge=1, le=10)] = 1
    """By how much each further wait is longer than the one before."""
    max_delay_ms: Milliseconds = 30_000
    """The longest wait."""
    jitter: bool = False
    """`true`: waits are shortened by up to a half, each by another part."""


class StepOptions(Declared, frozen=True, kw_only=True, tag_field="type"):
    """The keys of every step of a list."""

    noun: ClassVar[str] = "step"

    name: Name | None = None
    """The step's name within the flow; `step.<name>.output` is what came of it."""
    label: str | None = None
    """What people call it."""
    when: Expression | None = None
    """A condition; where it is false the step is passed over."""
    output: Name | None = None
    """A name by which what came of the step can be used, beside `step.<name>.output`."""
    retry: Retry | None = None
    """How it is tried again when it fails; as `errorHandling` says unless given."""
    on_error: Literal["fail", "continue"] | None = None
    """`continue`: the flow goes on behind a step that failed, and `step.<name>.error` tells why. As `errorHandling` says unless given."""
    timeout_ms: Milliseconds | None = None
    """How long one try may take; then it has failed."""
