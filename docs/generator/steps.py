"""The page of steps: every kind that flows, actions and hooks may take, in a list and in a graph."""

import sys
from collections.abc import Collection

import msgspec

from docs.generator.markdown import code, page, paragraph, table
from docs.generator.struct import keys_of, meanings_of, words
from fieldstone.flows.steps.step import StepType
from fieldstone.flows.steps.table import STEP_TYPES
from fieldstone.kinds.flow import Nodes
from fieldstone.kinds.step import Retry, StepOptions
from fieldstone.registry.flows.step_list import tag_of

INTRODUCTION = """\
A [flow](kinds.md#flow) is a list of `steps`, or a graph of `nodes` and `edges`; the steps of [actions](kinds.md#action) and
[hooks](kinds.md#hook) are lists. Both come to the same, and every kind of step below says what it takes in which. To add a
kind: [extension points](extension-points.md#flow-step). Step by step: [declare a flow](../how-to/declare-a-flow.md).

A value may hold placeholders: `{!inputs.day}` in a list, `{inputs.day}` in a graph, each with an expression of the
[expression language](functions.md). A value that is only a placeholder keeps its type; one with text around it is a text. These
names are there:

| name | is |
|---|---|
| `inputs`, `input` | what the flow, the action or the hook was given |
| `step.<name>.output`, `step.<name>.error` | what came of a step before this one, or why it failed |
| the name that a step says as its `output` | what came of it |
| a variable, `vars.<name>` | what it was set to last |
| `item`, `item_index` | within a loop, the item and its place |
| `record`, `previous` | the record that the flow is about, and as it was; its fields by themselves, too |
| `current_user`, `user`, `os.org`, `org` | who runs it, and his organisation |
| `error` | behind a failure: `code`, `message`, `details`, `nodeId` |

A graph may also write `{$error.message}`, `{<node>.error.message}`, `{$User.Id}`, `{NOW()}` and `{TODAY() + 7}`. `now()` is the
instant at which the step before this one was done, so that a run that is begun anew finds the same.

A step fails when what it does is refused, or takes longer than `timeoutMs`. It is tried again as `retry` says; then it is left
by its fault edge, caught by a `try_catch` around it, or passed by with `onError: continue`; else the run has failed. A condition
that has no answer, and what is wrong with the flow itself (`FLOW_MISTAKE`), fails the run in any case. In a graph, all edges
without a condition are gone side by side, those with one where it holds, and one with `isDefault` where no other is."""


def steps_page() -> str:
    """Returns the page."""
    common = [
        "## Every step of a list",
        _keys(StepOptions),
        f"### {words(Retry)}",
        _keys(Retry),
    ]
    return page("Steps", INTRODUCTION, *common, *(_section(step) for step in STEP_TYPES))


def _section(step: StepType) -> str:
    kind = step.kind
    module = sys.modules[step.run.__module__]
    parts = [f"## {code(kind.name)}", _said(module.__doc__)]
    if not kind.inline:
        parts.append("Runs in flows alone, and not in those that run before a write.")
    if kind.step is not None:
        parts += [f"In a list, {code(f'type: {tag_of(kind)}')}:", _keys(kind.step, StepOptions.__struct_fields__)]
    if kind.node is not None:
        parts += [f"In a graph, the `config` of a node with {code(f'type: {kind.name}')}:", _keys(kind.node)]
    return "\n\n".join(parts)


def _said(text: str | None) -> str:
    """Returns what a module says of its kind, behind its name."""
    said = paragraph((text or "").partition(": ")[2])
    return said[:1].upper() + said[1:]


def _keys(struct: type[msgspec.Struct], but: Collection[str] = ()) -> str:
    own = {
        field.encode_name
        for field in msgspec.structs.fields(struct)
        if field.name not in but or _says_anew(struct, field.name)
    }
    keys = [key for key in keys_of(struct, _link) if key.name in own]
    if not keys:
        return "It takes nothing."
    return table(
        ("key", "takes", "default", "meaning"), [(code(key.name), key.type, key.default, key.meaning) for key in keys]
    )


def _says_anew(struct: type[msgspec.Struct], name: str) -> bool:
    """Tells whether a Struct declares a key itself that those above it have, too."""
    return meanings_of(struct)[name] != meanings_of(StepOptions).get(name)


def _link(struct: type[msgspec.Struct]) -> str:
    if struct is Nodes:
        return "[`nodes` and `edges`](kinds.md#flow)"
    if struct is Retry:
        return "[a retry](#retry)"
    fields = ", ".join(code(field.encode_name) for field in msgspec.structs.fields(struct))
    return f"a mapping with {fields}"
