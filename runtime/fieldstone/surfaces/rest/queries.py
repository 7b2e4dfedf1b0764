"""The table `queries`: how a list is narrowed, ordered and cut on a surface, and how one record is.

`objectql` takes the whole language of contract 1.1 and 1.2; `mapped` only the parameters that an operation declares.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from fieldstone.errors import Invalid
from fieldstone.kinds.api import ApiOperation, Parameter
from fieldstone.query.comparands import from_text
from fieldstone.query.document import QueryDocument
from fieldstone.query.operators import OPERATORS, Comparand
from fieldstone.query.storage import FieldShape, ObjectShape
from fieldstone.query.text_forms import PARAMETERS, read_body, read_parameters
from fieldstone.surfaces.http.parameters import refuse_parameters
from fieldstone.surfaces.rest.explanation import EXPLAIN_NOTE
from fieldstone.surfaces.rest.past import AS_OF_NOTE, TRASH_NOTE
from fieldstone.surfaces.rest.table import ParameterNote, QueryPart

_SHAPING = ("fields", "expand")

_SELECT = ParameterNote("select", "The fields to answer, separated by commas; all that you may read unless said.")
_EXPAND = ParameterNote(
    "expand",
    "References to answer as whole records and objects whose records refer here, separated by commas, dots lead deeper; or, as JSON, "
    'what to answer of each: `{"customer": {"fields": ["name"]}}`.',
)
_WORDS = "Words that must all occur, each at the beginning of a word of some searchable field; in quotes, as they are."
_LIST = (
    ParameterNote(
        "where", 'A condition, as JSON: `{"status": {"$eq": "open"}}`. Any other parameter is a field that must equal.'
    ),
    ParameterNote(
        "orderBy", "Sort keys, separated by commas; a leading minus turns one round: `-priority,created_at`."
    ),
    _SELECT,
    _EXPAND,
    ParameterNote("search", _WORDS, about="search"),
    ParameterNote(
        "searchFields", "The fields to search, separated by commas; all searchable ones unless said.", about="search"
    ),
    AS_OF_NOTE,
    TRASH_NOTE,
    EXPLAIN_NOTE,
    ParameterNote("count", "`false` leaves `total` out.", {"type": "boolean", "default": True}),
)


def _objectql_list(_operation: ApiOperation, _shape: ObjectShape, parameters: dict[str, str]) -> QueryDocument:
    return read_parameters(parameters.items())


def _objectql_body(object_name: str, body: Any) -> QueryDocument:
    return read_body(body, object_name)


def _objectql_record(parameters: dict[str, str]) -> tuple[Any, Any]:
    known = {name: text for name, text in parameters.items() if PARAMETERS.get(name) in _SHAPING}
    refuse_parameters(parameters.keys() - known.keys(), ("select", "expand"))
    document = read_parameters(known.items())
    return document.fields, document.expand


def _mapped_list(operation: ApiOperation, shape: ObjectShape, parameters: dict[str, str]) -> QueryDocument:
    declared = {name: item for name, item in operation.parameters.items() if item.field in shape.fields}
    search = operation.search or ""
    refuse_parameters(parameters.keys() - declared.keys() - {search}, [name for name in (*declared, search) if name])
    missing = [name for name, parameter in declared.items() if parameter.required and name not in parameters]
    if missing:
        raise Invalid(f"The parameter `{missing[0]}` is required.", reason="INVALID_QUERY", path=missing[0])
    terms = [_term(name, declared[name], shape, text) for name, text in parameters.items() if name != search]
    where = {"$and": terms} if terms else msgspec.UNSET
    return QueryDocument(where=where, search=parameters.get(search) or msgspec.UNSET)


def _mapped_record(parameters: dict[str, str]) -> tuple[Any, Any]:
    refuse_parameters(parameters)
    return msgspec.UNSET, msgspec.UNSET


def _no_body(_object_name: str, _body: Any) -> QueryDocument:
    raise Invalid("This surface has no query language.", reason="INVALID_QUERY")


def _mapped_notes(operation: ApiOperation, readable: frozenset[str]) -> tuple[ParameterNote, ...]:
    searching = (ParameterNote(operation.search, _WORDS),) if operation.search else ()
    return searching + tuple(
        ParameterNote(
            name,
            parameter.description or f"`{parameter.field}` {OPERATORS[parameter.operator].summary.lower()}.",
            required=parameter.required,
        )
        for name, parameter in operation.parameters.items()
        if parameter.field in readable
    )


def _term(name: str, parameter: Parameter, shape: ObjectShape, text: str) -> dict[str, Any]:
    operator = OPERATORS[parameter.operator]
    field = shape.fields[parameter.field]
    whole_list = field.comparison == "list" and operator.comparand is Comparand.VALUE
    if whole_list or operator.comparand in (Comparand.VALUES, Comparand.PAIR):
        comparand: Any = [_value(name, field, part) for part in text.split(",")]
    elif operator.comparand is Comparand.BOOLEAN:
        comparand = {"true": True, "false": False}.get(text, text)
    else:
        comparand = _value(name, field, text)
    return {parameter.field: {operator.spelling: comparand}}


def _value(name: str, field: FieldShape, text: str) -> Any:
    value = from_text(field, text)
    if value is None:
        raise Invalid(f"`{name}` does not fit `{field.name}`.", reason="INVALID_FILTER", path=name)
    return value


QUERIES: Mapping[str, QueryPart] = {
    "objectql": QueryPart(
        summary="The whole query language, in all its spellings.",
        from_parameters=_objectql_list,
        from_body=_objectql_body,
        shape_of=_objectql_record,
        list_notes=lambda _operation, _readable: _LIST,
        record_notes=(_SELECT, _EXPAND, AS_OF_NOTE),
        whole=True,
    ),
    "mapped": QueryPart(
        summary="The parameters that an operation declares, and no others.",
        from_parameters=_mapped_list,
        from_body=_no_body,
        shape_of=_mapped_record,
        list_notes=_mapped_notes,
        record_notes=(),
        whole=False,
    ),
}
