"""JSON Schemas over JSON values: checked and compiled at load, without a way to the network and without a pattern that could run for ever.

A part of a schema that would do nothing is refused, as a reference that leads out of it is.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import jsonschema
from jsonschema.protocols import Validator
from referencing import Registry
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012

from fieldstone.errors import FieldFault
from fieldstone.kinds.validation import JsonSchemaRule
from fieldstone.query.cel.fault import EvaluationError, Failure
from fieldstone.query.cel.pattern import compile_pattern
from fieldstone.query.names import did_you_mean
from fieldstone.query.storage import StorageClass
from fieldstone.registry.catalog import Field
from fieldstone.registry.validations.rule import Activation, Judge, constraint_of
from fieldstone.registry.validations.site import Linked, Path, Site, Within

VIOLATION = "json_schema_violation"

_DRAFT = jsonschema.Draft202012Validator
_FORMATS = ("date", "email", "ipv4", "ipv6", "regex", "uuid")
_BY_NAME = frozenset({"$defs", "properties", "patternProperties", "dependentSchemas"})
_IN_LISTS = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
_ALONE = frozenset(
    {"additionalProperties", "contains", "else", "if", "items", "not", "propertyNames", "then"}
    | {"unevaluatedItems", "unevaluatedProperties"}
)
_BESIDE = frozenset(
    {"$comment", "$defs", "description", "else", "examples", "maxContains", "minContains", "then", "title"}
)
_KEYWORDS = _DRAFT.VALIDATORS.keys() - {"$dynamicRef"} | _BESIDE
_TYPES = ", ".join(f"`{name}`" for name in ("array", "boolean", "integer", "null", "number", "object", "string"))
_SCALARS = (str, int, float, Decimal)
_MOST_TOLD = 20
_LINEAR = 1


def link_json_schema(rule: JsonSchemaRule, site: Site, within: Within) -> Linked | None:
    """Returns a rule over the JSON value of a field."""
    field = site.field(rule.field, (*within.path, "field"))
    if field is not None and field.shape.storage.kind != StorageClass.JSON:
        site.refuse((*within.path, "field"), f"`{field.name}` holds no JSON.", "Name a field that does.")
        field = None
    before = len(site.faults)
    path = (*within.path, "schema")
    try:
        _DRAFT.check_schema(rule.schema)
    except jsonschema.SchemaError as error:
        hint = f"It is one of {_TYPES}, or a list of them." if list(error.absolute_path)[-1:] == ["type"] else None
        site.refuse((*path, *error.absolute_path), f"This is no JSON Schema: {error.message}.", hint)
    else:
        _check_parts(rule.schema, site, path)
    if field is None or len(site.faults) > before:
        return None
    validator = _Bounded(rule.schema, registry=Registry(), format_checker=jsonschema.FormatChecker(_FORMATS))
    return Linked(_judge(validator, field, within), frozenset({field.name}), field.name)


def _check_parts(schema: Mapping[str, Any], site: Site, path: Path) -> None:
    """Notes a fault for every keyword, reference, pattern and format in a schema that cannot be applied."""
    resolver = Registry().with_resource("", DRAFT202012.create_resource(schema)).resolver("")
    for at, part in _schemas(schema, ()):
        where = (*path, *at)
        for key in part.keys() - _KEYWORDS:
            site.refuse((*where, key), f"`{key}` is no keyword that is applied here.", did_you_mean(key, _KEYWORDS))
        if "$ref" in part:
            try:
                resolver.lookup(part["$ref"])
            except Unresolvable:
                message = f"`{part['$ref']}` leads to nothing within this schema."
                site.refuse((*where, "$ref"), message, "Put what it means under `$defs`.")
        if "pattern" in part:
            _check_pattern(part["pattern"], site, (*where, "pattern"))
        for pattern in part.get("patternProperties", {}):
            _check_pattern(pattern, site, (*where, "patternProperties", pattern), _LINEAR)
        if part.get("format", _FORMATS[0]) not in _FORMATS:
            known = ", ".join(f"`{name}`" for name in _FORMATS)
            site.refuse((*where, "format"), f"The format `{part['format']}` is not checked.", f"Those are {known}.")


def _check_pattern(source: str, site: Site, path: Path, most: int | None = None) -> None:
    try:
        degree = compile_pattern(source).degree
    except Failure as failure:
        site.refuse(path, f"`{source}` cannot be used: {failure.message}.")
        return
    if most is not None and degree > most:
        site.refuse(path, f"`{source}` is too free for the names of properties.", "Let it repeat one thing at most.")


def _schemas(schema: Any, path: Path) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """Yields every schema within a schema, with its path."""
    if not isinstance(schema, Mapping):
        return
    yield path, schema
    for key, value in schema.items():
        if key in _BY_NAME and isinstance(value, Mapping):
            for name, inner in value.items():
                yield from _schemas(inner, (*path, key, name))
        elif key in _IN_LISTS and isinstance(value, list):
            for at, inner in enumerate(value):
                yield from _schemas(inner, (*path, key, at))
        elif key in _ALONE:
            yield from _schemas(value, (*path, key))


def _judge(validator: Validator, field: Field, within: Within) -> Judge:
    name = field.name

    def judge(activation: Activation) -> Sequence[FieldFault]:
        value = activation["record"].get(name)
        try:
            if value is None or validator.is_valid(value):
                return ()
            errors = sorted(validator.iter_errors(value), key=lambda error: list(map(str, error.absolute_path)))
        except RecursionError:
            raise EvaluationError("TOO_LARGE", "The schema goes in a circle", 0) from None
        return [_fault(error, field, within) for error in errors[:_MOST_TOLD]]

    return judge


def _fault(error: jsonschema.ValidationError, field: Field, within: Within) -> FieldFault:
    path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.absolute_path)
    wanted = {"wanted": error.validator_value} if isinstance(error.validator_value, _SCALARS) else {}
    limits = constraint_of(within.name, keyword=error.validator, **wanted)
    return FieldFault(field.name + path, VIOLATION, within.message, field.label, limits)


def _pattern(_validator: Validator, source: str, value: Any, _schema: Any) -> Iterator[jsonschema.ValidationError]:
    """Applies `pattern` within its bounds."""
    if not isinstance(value, str):
        return
    try:
        fits = compile_pattern(source).found_in(value)
    except Failure as failure:
        raise EvaluationError(failure.code, failure.message, 0) from failure
    if not fits:
        yield jsonschema.ValidationError(f"It does not match {source!r}")


def _is_integer(_checker: Any, value: Any) -> bool:
    whole = isinstance(value, Decimal) and value == value.to_integral_value()
    return whole or (isinstance(value, int) and not isinstance(value, bool))


_extend: Any = jsonschema.validators.extend
_Bounded: Any = _extend(
    _DRAFT, {"pattern": _pattern}, type_checker=_DRAFT.TYPE_CHECKER.redefine("integer", _is_integer)
)
