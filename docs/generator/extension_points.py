"""The page of extension points: the explicit tables into which code is put, and how each is used."""

from typing import get_args

from docs.generator.markdown import code, fenced, page, table
from fieldstone.engine.hooks import Event

INTRODUCTION = """\
Declarations say what; where code is needed, it goes into one of a few tables: the `HANDLERS` of a package's
`handlers.py`, or one that [app.py](../../runtime/fieldstone/app.py) hands around. Nothing registers itself by being
imported. Code comes with the checkout or a package's folder, never over the API."""

HOOKS = """\
A hook is a named function that a write calls within its transaction, before or after the rows are written. A
before-hook may change `change.values`; validation comes behind it. An after-hook may not; what it raises undoes the
whole write. Both may hand further operations to the door by `context.execute`, which join the same transaction.
Nothing slow belongs in one: on SQLite all other writes wait.

A package declares its hooks ([declare a hook](../how-to/declare-a-hook.md)), with functions under `hooks` in its
`HANDLERS`. The platform's own are [`Hook`](../../runtime/fieldstone/engine/hooks.py)s in the sequence `hooks` that
`app.py` gives to the door, such as those of [identity/hooks.py](../../runtime/fieldstone/identity/hooks.py). They run
in the order of the sequence, the declared ones among them by their `priority`."""

HOOK_EXAMPLE = '''\
async def refuse_a_long_weekend(context: Context, change: Change) -> None:
    """Refuses a booking of more than four days."""
    if (change.values.get("days") or 0) > 4:
        raise Invalid("A weekend is too long.", faults=[FieldFault("days", "max_value", "Four days at most")])


BOOKING_HOOKS = (Hook("refuse_a_long_weekend", "booking", "before_create", refuse_a_long_weekend),)'''

EVENTS = {
    "before_create": "for each new record, with its defaults; `values` may be changed",
    "after_create": "when the record is written and may stand",
    "before_update": "with the values that differ, when any does; `previous` is the record as it was",
    "after_update": "when the record is changed and may stand",
    "before_delete": "for the record, and for each that goes along with it",
    "after_delete": "when the records are gone",
}

FIELD_TYPE = """\
A [`FieldType`](../../runtime/fieldstone/kinds/fields/field_type.py) is a Struct for the options of a declaration
and a few functions: how it is stored, how a value is read, its JSON Schema, its type in expressions. It stands in a
module of `kinds/fields/` and in [table.py](../../runtime/fieldstone/kinds/fields/table.py). A type whose values
must be prepared before they are stored (a password is hashed) has a function in `preparers`, beside the hooks in
`app.py`. Step by step: [add a field type](../how-to/add-a-field-type.md)."""

DIALECT_PART = """\
An envelope, a shape of errors, a pager, a way to filter, a codec of ids, a way to show a credential: one entry in
the table of that name in [surfaces/rest](../../runtime/fieldstone/surfaces/rest/table.py), and every api
declaration may name it. What there is: [dialect parts](dialects.md). In use: [a second
dialect](../how-to/a-second-dialect.md)."""

API_HANDLER = """\
What is no data operation is a `handler` of an api declaration: a function from a service and a call to a response,
in a table of [`HandlerPart`](../../runtime/fieldstone/surfaces/rest/table.py)s with its summary, body and answer,
which `app.py` binds to the service. Those of sign-in,
[native/auth](../../runtime/fieldstone/surfaces/rest/native/auth/table.py), are an example."""

ACTION_HANDLER = """\
A function of a package's `handlers.py` that an action names as its `handler`. It is called within the transaction of
the call, with a [`Context`](../../runtime/fieldstone/engine/hooks.py), by which it hands operations to the door as
the action's caller, and an [`ActionCall`](../../runtime/fieldstone/flows/actions/call.py): the checked parameters and
the record. What it returns is the result; what it raises undoes all that it did. Nothing slow belongs in one.

The file holds one table, [`HANDLERS`](../../runtime/fieldstone/registry/handlers.py); a name that two packages have is
refused, and so is a function that is not `async`. [handlers.py](../../packages/crm/handlers.py) of `crm` is an example.
Step by step: [declare an action](../how-to/declare-an-action.md)."""

ACTION_EXAMPLE = '''\
async def rename_booking(context: Context, call: ActionCall) -> str:
    """Gives a booking another title, if nobody else has changed it since."""
    record = call.record or {}
    await context.execute(Update("booking", record["id"], {"title": call.input["title"]}, record["version"]))
    return record["id"]


HANDLERS = Handlers(actions={"rename_booking": rename_booking})'''

FLOW_STEP = """\
A kind of step is one module in [flows/steps](../../runtime/fieldstone/flows/steps/table.py) and its line in the table there. The
module says what a step takes, as an item of a list and as a node of a graph; `link` checks that at load, tells its
[`Site`](../../runtime/fieldstone/registry/flows/site.py) of every fault, and compiles values and conditions; `run` does the
work, by the [`Turn`](../../runtime/fieldstone/flows/interpreter.py) that it is given. What changes records goes through
`turn.act`: it is written down with what it did, in one transaction, and never done twice. What asks the outside goes through
`turn.reach_out`, what waits through `turn.wait`. The reference, the JSON Schemas and the golden messages follow by themselves:
[steps](steps.md).

A step of type `script` calls a function of a package, by its name under `functions` in its `HANDLERS`, with a context
and its inputs by name."""

STEP_EXAMPLE = '''\
class CountStep(StepOptions, frozen=True, kw_only=True, tag="count"):
    """Counts records."""

    object: str
    """The object."""


def link(declared: CountStep, site: Site) -> Linked | None:
    subject = site.object(declared.object)
    return None if subject is None else Linked(subject.name, INT)


async def run(turn: Turn) -> Result:
    name: str = turn.config

    async def count(effects: Effects) -> int:
        return (await effects.execute(Read(name, QueryDocument(limit=1)))).total

    return await turn.act({"object": name}, count)


COUNT = StepType(StepKind("count", link, CountStep), run)'''


def extension_points_page() -> str:
    """Returns the page."""
    events = table(("event", "called"), [(code(event), EVENTS[event]) for event in get_args(Event)])
    return page(
        "Extension points",
        INTRODUCTION,
        "## `hook`",
        HOOKS,
        events,
        fenced(HOOK_EXAMPLE, "python"),
        "## `action handler`",
        ACTION_HANDLER,
        fenced(ACTION_EXAMPLE, "python"),
        "## `field type`",
        FIELD_TYPE,
        "## `flow step`",
        FLOW_STEP,
        fenced(STEP_EXAMPLE, "python"),
        "## `dialect part`",
        DIALECT_PART,
        "## `api handler`",
        API_HANDLER,
    )
