"""Formats: the form that a text must have, by a regular expression or by name."""

from collections.abc import Callable, Sequence
from functools import partial

import msgspec

from fieldstone.errors import FieldFault
from fieldstone.kinds.fields.field_type import Rejected
from fieldstone.kinds.fields.table import FIELD_TYPES
from fieldstone.kinds.validation import FormatRule
from fieldstone.query.cel.fault import EvaluationError, Failure
from fieldstone.query.cel.pattern import Pattern, compile_pattern
from fieldstone.query.storage import StorageClass
from fieldstone.registry.validations.rule import Activation, constraint_of
from fieldstone.registry.validations.site import Linked, Site, Within

FORMAT = "invalid_format"

Fits = Callable[[str], bool]


def link_format(rule: FormatRule, site: Site, within: Within) -> Linked | None:
    """Returns a rule over the text of a field."""
    field = site.field(rule.field, (*within.path, "field"))
    if field is not None and (field.shape.storage.kind != StorageClass.TEXT or field.reference is not None):
        site.refuse((*within.path, "field"), f"`{field.name}` holds no text.", "Name a field that does.")
        field = None
    fits = _fits(rule, site, within)
    if field is None or fits is None:
        return None
    name = field.name
    limits = {"regex": rule.regex} if rule.regex is not None else {"format": rule.format}
    told = (FieldFault(name, FORMAT, within.message, field.label, constraint_of(within.name, **limits)),)

    def judge(activation: Activation) -> Sequence[FieldFault]:
        value = activation["record"].get(name)
        return () if value is None or fits(value) else told

    return Linked(judge, frozenset({name}), name)


def _fits(rule: FormatRule, site: Site, within: Within) -> Fits | None:
    """Returns what tells whether a text has the form; notes a fault, and returns None, where none or two are said."""
    if (rule.regex is None) == (rule.format is None):
        said = "no form" if rule.regex is None else "two forms"
        site.refuse(within.path, f"The rule says {said}.", "Say either `regex` or `format`.")
        return None
    if rule.format is not None:
        return _is_json if rule.format == "json" else partial(_is_read, rule.format)
    try:
        return partial(_matches, compile_pattern(str(rule.regex)))
    except Failure as failure:
        site.refuse((*within.path, "regex"), f"`{rule.regex}` cannot be used: {failure.message}.")
        return None


def _matches(pattern: Pattern, text: str) -> bool:
    try:
        return pattern.found_in(text)
    except Failure as failure:
        raise EvaluationError(failure.code, failure.message, 0) from failure


def _is_read(type_name: str, text: str) -> bool:
    """Tells whether a field of a type would take the text."""
    kind = FIELD_TYPES[type_name]
    try:
        kind.reader(kind.declaration())(text)
    except Rejected:
        return False
    return True


def _is_json(text: str) -> bool:
    try:
        msgspec.json.decode(text)
    except msgspec.DecodeError:
        return False
    return True
