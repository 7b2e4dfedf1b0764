"""What the declaration of a field names beside itself, cut to what a caller may know: fields of its object, or of the other one.

A key whose name is cut is left out whole, so that nothing tells that there was one.
"""

from collections.abc import Collection, Mapping
from typing import Any

from fieldstone.kinds.fields.autonumber import AutonumberOptions, format_of
from fieldstone.kinds.fields.field_type import FieldOptions
from fieldstone.kinds.fields.summary import LinkedSummaryOptions
from fieldstone.query.cel.expression import compile_expression
from fieldstone.registry.catalog import Object
from fieldstone.registry.rules import scope_of

_TARGET_FIELD = ("displayField", "descriptionField")


def cut_field(
    field: Mapping[str, Any], subject: Object, known: Collection[str], of_target: Collection[str]
) -> dict[str, Any]:
    """Returns the document of a field without the names that are not `known` of its object or `of_target` of the other."""
    cut = {key: value for key, value in field.items() if key not in _TARGET_FIELD or value in of_target}
    lists = {
        "dependsOn": [name for name in field.get("dependsOn", ()) if name in known],
        "lookupColumns": [name for name in field.get("lookupColumns", ()) if name in of_target],
        "lookupFilters": [item for item in field.get("lookupFilters", ()) if item["field"] in of_target],
        "options": [_cut_option(option, subject, known) for option in field.get("options", ())],
    }
    for key, left in lists.items():
        if key in cut and left != list(cut[key]):
            cut[key] = left
            if not left:
                del cut[key]
    return cut


def cut_computed(
    field: Mapping[str, Any], options: FieldOptions, known: Collection[str], of_children: Collection[str]
) -> Mapping[str, Any]:
    """Returns the document of a summary without what it is computed from, of a number without its format, where that names more."""
    hidden: frozenset[str] = frozenset()
    if isinstance(options, LinkedSummaryOptions) and not all(name in of_children for name in options.inputs):
        hidden = frozenset({"summaryOperations", "discloses"})
    elif isinstance(options, AutonumberOptions) and not all(name in known for name in format_of(options).fields):
        hidden = frozenset({"format", "autonumberFormat", "discloses"})
    return {key: value for key, value in field.items() if key not in hidden} if hidden else field


def _cut_option(option: Mapping[str, Any], subject: Object, known: Collection[str]) -> Mapping[str, Any]:
    shown_when = option.get("visibleWhen")
    if shown_when is None:
        return option
    named = compile_expression(shown_when, scope_of(subject).environment).refs
    if all(path[1] in known for path in named if path[0] == "record" and len(path) > 1):
        return option
    return {key: value for key, value in option.items() if key != "visibleWhen"}
