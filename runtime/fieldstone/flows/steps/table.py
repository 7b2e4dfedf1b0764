"""The table of the kinds of steps. To add one: a module beside this one, and its line here."""

from collections.abc import Mapping

from fieldstone.flows.interpreter import Runner
from fieldstone.flows.steps.assignment import ASSIGNMENT
from fieldstone.flows.steps.condition import CONDITION
from fieldstone.flows.steps.create_record import CREATE_RECORD
from fieldstone.flows.steps.decision import DECISION
from fieldstone.flows.steps.delete_record import DELETE_RECORD
from fieldstone.flows.steps.end import END
from fieldstone.flows.steps.get_record import GET_RECORD
from fieldstone.flows.steps.join import JOIN
from fieldstone.flows.steps.loop import LOOP
from fieldstone.flows.steps.refuse import REFUSE
from fieldstone.flows.steps.start import START
from fieldstone.flows.steps.step import StepType
from fieldstone.flows.steps.update_record import UPDATE_RECORD
from fieldstone.registry.flows.graph import StepKinds

STEP_TYPES: tuple[StepType, ...] = (
    START,
    END,
    CONDITION,
    DECISION,
    JOIN,
    ASSIGNMENT,
    LOOP,
    GET_RECORD,
    CREATE_RECORD,
    UPDATE_RECORD,
    DELETE_RECORD,
    REFUSE,
)

STEP_KINDS: StepKinds = {step.kind.name: step.kind for step in STEP_TYPES}
"""What loading knows of them."""

RUNNERS: Mapping[str, Runner] = {step.kind.name: step.run for step in STEP_TYPES}
"""What each does."""
