"""What a kind of step is: what loading knows of it, and its work."""

import msgspec

from fieldstone.flows.interpreter import Runner
from fieldstone.registry.flows.graph import StepKind


class StepType(msgspec.Struct, frozen=True, eq=False):
    """A kind of step as its module declares it: `kind` is handed to the registry, `run` to the interpreter."""

    kind: StepKind
    run: Runner
