"""Step `screen`: waits until somebody has filled in what it asks for; what he gave is the output."""

from typing import Any

import msgspec

from fieldstone.flows.interpreter import Result, Turn
from fieldstone.flows.journal import Waiting
from fieldstone.flows.steps.step import StepType
from fieldstone.kinds.declaration import Declared, Name
from fieldstone.kinds.fields.field_type import FieldOptions
from fieldstone.kinds.fields.table import AnyField
from fieldstone.kinds.step import StepOptions
from fieldstone.query.cel.types import optional, struct_of
from fieldstone.registry.codes import Code
from fieldstone.registry.flows.graph import Evaluate, Linked, StepKind
from fieldstone.registry.flows.inputs import link_inputs
from fieldstone.registry.flows.site import Site
from fieldstone.registry.flows.sketch import decoded

_NAME = "name"


class ScreenStep(StepOptions, frozen=True, kw_only=True, tag="screen"):
    """Asks somebody."""

    title: str
    """What stands above it."""
    description: str | None = None
    """What is said beside it."""
    fields: dict[Name, AnyField] = {}
    """What is asked for, declared like fields."""
    defaults: dict[Name, Any] = {}
    """What stands in fields at first; nobody has given that yet."""


class ScreenNode(Declared, frozen=True, kw_only=True):
    """Asks somebody."""

    title: str
    """What stands above it."""
    description: str | None = None
    """What is said beside it."""
    fields: tuple[dict[str, Any], ...] = ()
    """What is asked for, declared like fields, each with its `name`."""
    defaults: dict[Name, Any] = {}
    """What stands in fields at first; nobody has given that yet."""
    output: Name | None = msgspec.field(name="outputVariable", default=None)
    """The variable that holds what was given."""


class _Config(msgspec.Struct, frozen=True, eq=False):
    title: Evaluate
    description: Evaluate | None
    fields: list[dict[str, Any]]
    defaults: dict[str, Evaluate]


def _link(declared: ScreenStep | ScreenNode, site: Site) -> Linked | None:
    options = _options(declared, site)
    title = site.value(declared.title, site.at("title"))
    description = None if declared.description is None else site.value(declared.description, site.at("description"))
    if options is None or title is None or (declared.description is not None and description is None):
        return None
    defaults: dict[str, Evaluate] = {}
    for name, raw in declared.defaults.items():
        value = site.value(raw, site.at("defaults", name))
        if name not in options:
            site.refuse(site.at("defaults", name), f"The screen has no field `{name}`.", code=Code.UNKNOWN_FIELD)
        elif value is not None:
            defaults[name] = value.evaluate
    if len(defaults) < len(declared.defaults):
        return None
    inputs = link_inputs(options)
    shown = [{_NAME: name, **msgspec.to_builtins(each)} for name, each in options.items()]
    config = _Config(title.evaluate, description.evaluate if description else None, shown, defaults)
    output = struct_of({name: each.type if each.required else optional(each.type) for name, each in inputs.items()})
    return Linked(config, output, inputs=inputs)


def _options(declared: ScreenStep | ScreenNode, site: Site) -> dict[str, FieldOptions] | None:
    """Returns the fields by name; notes their faults, and returns None, where one of them cannot be read."""
    if isinstance(declared, ScreenStep):
        return dict(declared.fields)
    found: dict[str, FieldOptions] = {}
    for number, raw in enumerate(declared.fields):
        at = site.at("fields", number)
        name = raw.get(_NAME)
        if not isinstance(name, str) or name in found:
            message = "The field has no `name`." if name is None else f"There is a field `{name}` already."
            site.refuse(at, message, code=Code.MISSING_KEY if name is None else Code.NAME_CLASH)
            return None
        options = decoded(site.around, {key: value for key, value in raw.items() if key != _NAME}, AnyField, at)
        if options is None:
            return None
        found[name] = options
    return found


async def _run(turn: Turn) -> Result:
    config: _Config = turn.config
    told = {
        "title": turn.value(config.title),
        "description": None if config.description is None else turn.value(config.description),
        "fields": config.fields,
        "defaults": {name: turn.value(evaluate) for name, evaluate in config.defaults.items()},
    }
    return await turn.wait(Waiting("screen", turn.limit(), told=told), told)


SCREEN = StepType(StepKind("screen", _link, ScreenStep, ScreenNode, inline=False, tried=False), _run)
