"""Kind `action`: something to be done beside creating, changing and deleting records (contract 6.1).

A `script` is done by the server: an expression, a list of steps, or a named handler of the package.
A `flow` starts a flow, an `api` is a request to a
route of the native surface. `url`, `modal` and `form` are for faces alone.
"""

from typing import Annotated, Any, ClassVar, Literal

import msgspec

from fieldstone.kinds.declaration import CapabilityName, Declared, Kind, Name
from fieldstone.kinds.fields.choice import Option
from fieldstone.kinds.step import Steps

_PARAM = (
    "A parameter is named in letters, digits and `_`, and begins with a lower-case letter: `account_id` or `accountId`."
)
ParamName = Annotated[str, msgspec.Meta(pattern="^[a-z_][A-Za-z0-9_]*$", max_length=63, description=_PARAM)]
ActionType = Literal["script", "url", "modal", "flow", "api", "form"]
Location = Literal["list_toolbar", "list_item", "record_header", "record_more", "record_related", "record_section"]


class ActionParam(Declared, frozen=True, kw_only=True):
    """What an action is told: a value of a field type, or of one of the object's fields (`field`), whose options it then takes over.

    It is checked as a field is when a record is written.
    """

    elsewhere: ClassVar[dict[str, str]] = {
        "accept": "A file is an id so far, of which nothing can tell what it holds.",
        "maxSize": "A file is an id so far, of which nothing can tell how large it is.",
    }

    name: ParamName | None = None
    """The name in the input; that of the field unless given."""
    field: Name | None = None
    """The field of the object that it is like."""
    label: str | None = None
    """What people call it; the field's, or made of the name unless given."""
    type: str | None = None
    """A [field type](fields.md), where there is no `field`; `text` unless given."""
    required: bool | msgspec.UnsetType = msgspec.UNSET
    """Whether it must have a value; as the field says, or not, unless given."""
    options: tuple[Option, ...] | None = None
    """The values to choose from, for a type that has such."""
    multiple: bool | None = None
    """A list of values, for a type that can be one."""
    reference: Name | None = None
    """The object that it points to, for a type that does."""
    min: int | float | None = None
    """The least value, for a number."""
    max: int | float | None = None
    """The greatest value, for a number."""
    scale: Annotated[int, msgspec.Meta(ge=0, le=10)] | None = None
    """The digits behind the point, for a number."""
    min_length: Annotated[int, msgspec.Meta(ge=0)] | None = None
    """The fewest characters, for a text."""
    max_length: Annotated[int, msgspec.Meta(ge=1)] | None = None
    """The most characters, for a text."""
    default_value: Any = msgspec.UNSET
    """Used when the input does not say: a literal, a token or an expression, as for a field."""
    placeholder: str | None = None
    """What faces show where nothing is filled in yet; told by `/meta`."""
    help_text: str | None = None
    """A hint for whoever fills it in; told by `/meta` and the OpenAPI document."""
    visible: bool | str = True
    """A CEL expression over `record` and `current_user`: where it does not hold, faces leave the parameter out; told by `/meta`."""
    default_from_row: bool = False
    """Faces fill in what the record has in this `field`; told by `/meta`."""


class WrapShape(Declared, frozen=True, kw_only=True):
    """The parameters go under one key of the body."""

    wrap: str
    """The key."""


class OnSuccess(Declared, frozen=True, kw_only=True):
    """Where faces go when it is done; told by `/meta`."""

    navigate: str
    """The address."""
    open_in: str | None = None
    """How it is opened."""


class ActionDeclaration(Declared, frozen=True, kw_only=True):
    """An action, of an object (`objectName`) or of none. It acts as its caller, unless a script says `runAs: system`."""

    elsewhere: ClassVar[dict[str, str]] = {
        "ai": "Nothing offers actions to an AI.",
        "object": "Say `objectName`.",
        "inputs": "Say `params`.",
        "permissions": "Say `requiredPermissions`.",
        "code": "Code stands in the package's `handlers.py`: say `handler`.",
    }

    name: Name
    """The name, new among the actions of its object; as in the file's name."""
    label: str | None = None
    """What people call it."""
    description: str | None = None
    """What it does; told by `/meta` and the OpenAPI document."""
    object_name: str | None = None
    """The object whose records it is about; none unless given."""
    type: ActionType = "script"
    """Who does it: the server by a `script`, a `flow` or a request (`api`), or faces (`url`, `modal`, `form`)."""
    target: Annotated[str, msgspec.Meta(min_length=1)] | None = None
    """Of a flow its name, of an api the path of a route (`/data/ticket/{recordId}`), else what faces open. A script has none."""
    body: str | None = None
    """A script that is a CEL expression over `record`, `input` and `current_user`: its value is the result."""
    steps: Steps | None = None
    """A script that is a list of steps, as a flow has them, done one after the other in one transaction. Values may hold placeholders:
    `{!input.x}`, `{!record.x}`, `{!user.id}`, `{!step.<name>.output.y}`, and within a loop `{!item.x}`."""
    outputs: dict[str, Any] = {}
    """The result of steps, by name, with placeholders; what came of the last step unless given."""
    handler: str | None = None
    """A script that is a function of the package's `handlers.py`, by its name there."""
    params: tuple[ActionParam, ...] = ()
    """What it is told, in the order in which faces ask."""
    method: Literal["POST", "PATCH", "PUT", "DELETE"] | None = None
    """The method of an api's request; `POST` unless given."""
    body_extra: dict[str, Any] = {}
    """What the body of an api's request holds besides the parameters."""
    body_shape: Literal["flat"] | WrapShape = "flat"
    """How the body of an api's request holds the parameters: each under its name, or all under one key."""
    run_as: Literal["user", "system"] = "user"
    """`system`: a script's operations on records are the system's. Who may call it is then said by `requiredPermissions` alone."""
    required_permissions: tuple[CapabilityName, ...] = ()
    """Capabilities that a caller must hold, all of them."""
    disabled: bool | str = False
    """`true`, or a CEL expression over `record` and `current_user`: where it holds, a call is refused."""
    record_id_param: ParamName | None = None
    """Another name for `recordId` in the input, and in the body of an api's request."""
    record_id_field: Name | None = None
    """The field whose value stands there for the record, one that is unique; `id` unless given."""
    icon: str | None = None
    """The name of an icon; told by `/meta`."""
    locations: tuple[Location, ...] = ()
    """Where faces offer it; nowhere unless given. One offered at records alone is about a record."""
    component: str | None = None
    """By which part of a face it is shown; told by `/meta`."""
    variant: Literal["primary", "secondary", "danger", "ghost", "link"] | None = None
    """How it looks; told by `/meta`."""
    order: int | None = None
    """Its place among others; told by `/meta`."""
    confirm_text: str | None = None
    """What faces ask before they call it; told by `/meta`."""
    success_message: str | None = None
    """What faces say when it is done; told by `/meta`."""
    error_message: str | None = None
    """What faces say when it is not; told by `/meta`."""
    refresh_after: bool | None = None
    """Whether faces load the record anew; told by `/meta`."""
    undoable: bool | None = None
    """Whether faces offer to undo it; told by `/meta`."""
    result_dialog: dict[str, Any] | None = None
    """How faces show the result; told by `/meta`."""
    visible: bool | str = True
    """A CEL expression over `record` and `current_user`: where it does not hold, faces leave it out; told by `/meta`. No access rule."""
    mode: Literal["create", "edit", "delete", "custom"] | None = None
    """What sort of change it is; told by `/meta`."""
    open_in: str | None = None
    """How faces open the target; told by `/meta`."""
    on_success: OnSuccess | None = None
    """Where faces go when it is done; told by `/meta`."""

    @property
    def key(self) -> str:
        """By what it is found among all: its name, behind that of its object where it has one."""
        return self.name if self.object_name is None else f"{self.object_name}.{self.name}"


ACTION = Kind(
    name="action",
    plural="actions",
    struct=ActionDeclaration,
    summary="Something to be done beside creating, changing and deleting records",
)
