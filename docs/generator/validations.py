"""The page of validation rules: every type with its keys, an example, and what comes of records under it."""

from collections.abc import Mapping
from typing import Any, get_args

import msgspec

from docs.generator.markdown import code, fenced, page, paragraph, table
from docs.generator.struct import Key, keys_of
from fieldstone.access.caller import SYSTEM
from fieldstone.engine.rules import judge
from fieldstone.kinds.object import ObjectDeclaration
from fieldstone.kinds.validation import Rule, RuleOptions
from fieldstone.query.values import exact_number
from fieldstone.registry.catalog import Object
from fieldstone.registry.decode import decode
from fieldstone.registry.documents import Document
from fieldstone.registry.objects import link_object
from fieldstone.registry.source import parse
from fieldstone.registry.validations.link import link_validations

INTRODUCTION = """\
Rules stand under `validations` of an [object](kinds.md#object). They are looked at on every way by which a record is
written: create, update, upsert, batches, clones, restores, seeds, and when a reference is cleared because its target is deleted
(a rule that refuses that keeps the target, as `deleteBehavior: restrict` does). A rule sees the record as it would be
stored, and as `previous` what it was; `previous` is null on insert. Where nothing changes, nothing is looked at; nor is it when
a summary of the record comes to another figure, which is no write of the record.

All faults come together: those of the fields first, then those of rules, by `priority` and then in the order in which they are
declared. Each is one of `details.fields` of a [VALIDATION_ERROR](errors.md#validation_error), with the rule's `name` as
`constraint.rule`; one that is about no single field has `_record` in the place of the field. A rule over a field that is
at fault itself is not looked at.

A rule that has no answer on a record refuses it with `rule_not_evaluable`: in CEL, comparing null with `<` or reading a key that is not
there has none. Say `record.price == null || record.price > 0` where null is fine.

`severity: warning` and `info` refuse nothing. What they tell stands beside the record that was written, as `_warnings`, a list of
`{field, code, message, label, constraint, severity}`; in a batch it is `warnings` of the row.

A rule over a field that a permission set hides from those whom it lets write would tell them of it: loading refuses it
([RULE_DISCLOSES](faults.md#rule_discloses)) unless the rule says `discloses: [name]`. It is then told with `_record` as its field.

`requiredWhen` and `readonlyWhen` of a [field](fields.md#options-of-every-field) are conditions in the same language and at the same
writes. `readonlyWhen` does not bind the system, nor defaults and hooks."""

COMMON = "Every rule takes these."


class Sample(msgspec.Struct, frozen=True):
    """An example of one type: fields and the rule, in YAML, and records under it, each perhaps behind what it was before."""

    fields: str
    rule: str
    records: tuple[tuple[str, ...], ...]


SAMPLES: Mapping[str, Sample] = {
    "script": Sample(
        "{subject: {type: text}}",
        '{type: script, name: named, condition: isBlank(record.subject), message: "Say what it is about."}',
        (('{"subject": "printer"}',), ('{"subject": " "}',)),
    ),
    "cross_field": Sample(
        "{starts: {type: date}, ends: {type: date}}",
        "{type: cross_field, fields: [ends, starts], condition: record.ends < record.starts, message: It ends before it starts.}",
        (('{"starts": "2026-03-06", "ends": "2026-03-05"}',), ('{"starts": "2026-03-06"}',)),
    ),
    "state_machine": Sample(
        "{status: {type: select, options: [{value: open}, {value: closed}]}}",
        "{type: state_machine, field: status, transitions: {open: [closed]}, initialStates: [open], message: Closed is closed.}",
        (
            ('{"status": "open"}',),
            ('{"status": "closed"}',),
            ('{"status": "open"}', '{"status": "closed"}'),
            ('{"status": "closed"}', '{"status": "open"}'),
        ),
    ),
    "format": Sample(
        "{code: {type: text}}",
        '{type: format, field: code, regex: "^[A-Z]{2}-[0-9]+$", message: A code is like AB-12.}',
        (('{"code": "AB-12"}',), ('{"code": "12-AB"}',)),
    ),
    "json_schema": Sample(
        "{extra: {type: json}}",
        "{type: json_schema, field: extra, schema: {required: [kind], properties: {nights: {type: integer}}}, message: Not a stay.}",
        (('{"extra": {"kind": "hotel", "nights": 2}}',), ('{"extra": {"nights": "two"}}',)),
    ),
    "conditional": Sample(
        "{kind: {type: text}, price: {type: currency}}",
        '{type: conditional, when: record.kind == "gift", message: Gifts are free., then: {predicate: record.price == null}}',
        (('{"kind": "gift"}',), ('{"kind": "gift", "price": 5}',), ('{"kind": "ware", "price": 5}',)),
    ),
    "predicate": Sample(
        "{price: {type: currency}}",
        "{predicate: record.price == null || record.price > 0, message: Nothing is free.}",
        (('{"price": 5}',), ('{"price": 0}',), ("{}",)),
    ),
}
"""An example of each type; a test holds the names against the types."""

_JSON = msgspec.json.Decoder(float_hook=exact_number)


def validations_page() -> str:
    """Returns the page."""
    common = keys_of(RuleOptions, _link)
    sections = [_section(struct, {key.name: key for key in common}) for struct in get_args(Rule)]
    return page("Validation rules", INTRODUCTION, "## Keys of every rule", COMMON, _keys(common), *sections)


def rule_types() -> list[str]:
    """Returns the names of all types of rules."""
    return [str(struct.__struct_config__.tag) for struct in get_args(Rule)]


def _section(struct: type[RuleOptions], common: Mapping[str, Key]) -> str:
    name = str(struct.__struct_config__.tag)
    sample = SAMPLES[name]
    subject = _object(sample)
    own = [key for key in keys_of(struct, _link) if common.get(key.name) != key]
    rows = [(" becomes ".join(map(code, record)), _became(subject, record)) for record in sample.records]
    example = fenced(f"fields: {sample.fields}\nvalidations:\n  - {sample.rule}", "yaml")
    return "\n\n".join(
        [f"## {code(name)}", paragraph(struct.__doc__), _keys(own), example, table(("record", "comes to"), rows)]
    )


def _object(sample: Sample) -> Object:
    text = f"name: sample\nfields: {sample.fields}\nvalidations:\n  - {sample.rule}\n"
    source, faults = parse(text, "sample.object.yaml")
    if source is None or faults:
        raise ValueError(faults)
    declared, faults = decode(source, ObjectDeclaration, "sample.object.yaml")
    if declared is None:
        raise ValueError(faults)
    document = Document(
        "object", "sample", "sample", "sample.object.yaml", "sample.object.yaml", text.encode(), source, declared
    )
    subject, faults = link_validations(document, link_object(document, (), {}))
    if faults:
        raise ValueError(faults)
    return subject


def _became(subject: Object, records: tuple[str, ...]) -> str:
    *before, now = [_values(subject, record) for record in records]
    verdict = judge(subject, SYSTEM, "2026-03-06T12:00:00.000Z", now, before[0] if before else None)
    told = [f"{code(fault.field)} {code(fault.code)} {fault.message}" for fault in verdict.rules]
    return "refused: " + "; ".join(told) if told else "written"


def _values(subject: Object, record: str) -> dict[str, Any]:
    return {name: subject.fields[name].reader(value) for name, value in _JSON.decode(record).items()}


def _keys(keys: list[Key]) -> str:
    rows = [(code(key.name), key.type, key.default, key.meaning) for key in keys]
    return table(("key", "takes", "default", "meaning"), rows)


def _link(struct: type[msgspec.Struct]) -> str:
    return f"[a rule](#{struct.__name__})"
