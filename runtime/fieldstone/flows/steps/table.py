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
from fieldstone.flows.steps.http import HTTP
from fieldstone.flows.steps.join import JOIN
from fieldstone.flows.steps.loop import LOOP
from fieldstone.flows.steps.map import MAP
from fieldstone.flows.steps.parallel import PARALLEL
from fieldstone.flows.steps.refuse import REFUSE
from fieldstone.flows.steps.screen import SCREEN
from fieldstone.flows.steps.script import SCRIPT
from fieldstone.flows.steps.start import START
from fieldstone.flows.steps.step import StepType
from fieldstone.flows.steps.subflow import SUBFLOW
from fieldstone.flows.steps.try_catch import TRY_CATCH
from fieldstone.flows.steps.update_record import UPDATE_RECORD
from fieldstone.flows.steps.wait import WAIT
from fieldstone.registry.flows.graph import StepKinds

STEP_TYPES: tuple[StepType, ...] = (
    START,
    END,
    CONDITION,
    DECISION,
    LOOP,
    PARALLEL,
    JOIN,
    TRY_CATCH,
    ASSIGNMENT,
    GET_RECORD,
    CREATE_RECORD,
    UPDATE_RECORD,
    DELETE_RECORD,
    SCRIPT,
    HTTP,
    SCREEN,
    WAIT,
    SUBFLOW,
    MAP,
    REFUSE,
)

STEP_KINDS: StepKinds = {step.kind.name: step.kind for step in STEP_TYPES}
"""What loading knows of them."""

RUNNERS: Mapping[str, Runner] = {step.kind.name: step.run for step in STEP_TYPES}
"""What each does."""
