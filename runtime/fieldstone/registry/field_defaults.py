"""Default values of fields: which are literals, which tokens, which expressions, and what is wrong with them.

An expression is written `{dialect: cel, source: ...}` and knows the caller alone, as `current_user`, and the clock.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from fieldstone.errors import Fault
from fieldstone.kinds.fields.field_type import FieldOptions, FieldType, Rejected
from fieldstone.query.cel.context import CALLER_TYPE
from fieldstone.query.cel.environment import Environment
from fieldstone.query.cel.expression import Compiled, ExpressionError, compile_expression, evaluator
from fieldstone.query.cel.types import Type
from fieldstone.query.storage import StorageClass
from fieldstone.registry.catalog import Field
from fieldstone.registry.codes import Code
from fieldstone.registry.documents import Document
from fieldstone.registry.expressions import expression_faults

_ENVIRONMENT = Environment({"current_user": CALLER_TYPE})
_ENVELOPE = {"dialect", "source"}
NOW = ("now()", "NOW()")
"""The token of the instant of the write, in both spellings."""


def default_of(options: FieldOptions) -> Callable[[Mapping[str, Any]], Any] | None:
    """Returns the function that computes a default; None for one that is a literal or a token."""
    value = options.default_value
    return evaluator(_compiled(value["source"], None)) if _is_expression(value) else None


def default_value(field: Field, caller_id: str | None, now: str, activation: Callable[[], Mapping[str, Any]]) -> Any:
    """Returns the default value of a field in wire form, None where there is none.

    Raises EvaluationError where it is an expression that has no value, Rejected where it has one that the field does not take.
    """
    declared = field.declaration.default_value
    if field.default is not None:
        value = field.default(activation())
        return None if value is None else field.reader(value)
    storage = field.shape.storage.kind
    if declared == "current_user" and field.reference == "sys_user":
        return [caller_id] if field.multiple and caller_id is not None else caller_id
    if declared in NOW and storage == StorageClass.INSTANT:
        return now
    if declared == "today()" and storage == StorageClass.DAY:
        return now[:10]
    return None if declared is None or declared is msgspec.UNSET else field.reader(declared)


def default_faults(
    path: tuple[str | int, ...], options: FieldOptions, kind: FieldType, document: Document
) -> Iterator[Fault]:
    """Yields a fault for a default, at its path, that the field would not take; each token fits one kind of field."""
    value = options.default_value
    if kind.mask is not None or kind.internal:
        yield document.fault(path, Code.FIELD_OPTION, f"A field of type `{kind.name}` has no default.", "Drop it.")
    elif _is_expression(value):
        if value.keys() != _ENVELOPE or not isinstance(value["source"], str):
            hint = "It is written `{dialect: cel, source: ...}`."
            yield document.fault(
                path, Code.FIELD_OPTION, "A default that is an expression has a `source`, a text.", hint
            )
            return
        try:
            _compiled(value["source"], kind.expression_type(options))
        except ExpressionError as error:
            yield from expression_faults(document, (*path, "source"), value["source"], error)
    elif isinstance(value, str) and value in (tokens := _tokens(options, kind)):
        fits, hint = tokens[value]
        if not fits:
            message = f"`{value}` does not fit a field of type `{kind.name}`."
            yield document.fault(path, Code.FIELD_OPTION, message, hint)
    else:
        yield from _literal_faults(options, kind, document, path)


def _is_expression(value: Any) -> bool:
    return isinstance(value, dict) and value.get("dialect") == "cel"


def _compiled(source: str, wanted: Type | None) -> Compiled:
    return compile_expression(source, _ENVIRONMENT, wanted)


def _tokens(options: FieldOptions, kind: FieldType) -> dict[str, tuple[bool, str]]:
    """Returns the tokens, whether each fits the field, and what it fits."""
    user = getattr(options, "reference", None) == "sys_user"
    return {
        **dict.fromkeys(NOW, (kind.comparison == "instant", "It fits `datetime`.")),
        "today()": (kind.comparison == "day", "It fits `date`."),
        "current_user": (user, "It fits `user`, or a lookup of `sys_user`."),
    }


def _literal_faults(
    options: FieldOptions, kind: FieldType, document: Document, path: tuple[str | int, ...]
) -> Iterator[Fault]:
    try:
        kind.reader(msgspec.structs.replace(options, label="The default"))(options.default_value)
    except Rejected as rejected:
        for part in rejected.faults():
            yield document.fault(path, Code.FIELD_OPTION, f"{part.message}.")
