"""The parameters of actions, as fields: a type with its options, or one of the object's own fields.

Refuses names that mean something else in an input, and options that the type does not have.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from fieldstone.errors import Fault
from fieldstone.kinds.action import ActionDeclaration, ActionParam
from fieldstone.kinds.fields.field_type import FieldOptions, FieldType
from fieldstone.kinds.fields.table import FIELD_TYPES
from fieldstone.query.names import did_you_mean
from fieldstone.registry.catalog import Field, Object
from fieldstone.registry.codes import Code
from fieldstone.registry.documents import Document
from fieldstone.registry.field_defaults import default_faults, default_of
from fieldstone.registry.known import Known, unknown_field
from fieldstone.registry.objects import link_field

RECORD_ID = "recordId"
PARAMS = "params"
OWN_NAMES = frozenset({RECORD_ID, PARAMS, "id"})
"""What an input says beside its parameters."""

_OF_TYPES = ("options", "multiple", "reference", "min", "max", "scale", "minLength", "maxLength")
"""Keys that are options of some field types; their values are taken as they were written."""

_OF_ALL = ("label", "required", "defaultValue")

Path = tuple[str | int, ...]


class Params:
    """The parameters of one action that are being linked; `faults` gathers what is wrong with them."""

    def __init__(self, document: Document, subject: Object | None, objects: Known[Any]) -> None:
        """Takes the action's document, and the object that it is about."""
        self.faults: list[Fault] = []
        self._document = document
        self._subject = subject
        self._objects = objects

    def link(self, declaration: ActionDeclaration) -> dict[str, Field]:
        """Returns the parameters by name, but for those with faults."""
        fields: dict[str, Field] = {}
        taken = OWN_NAMES | {declaration.record_id_param}
        for number, param in enumerate(declaration.params):
            path = (PARAMS, number)
            name = param.name or param.field
            if name is None:
                self._refuse(path, "A parameter has a `name`, or the name of a `field`.", code=Code.MISSING_KEY)
            elif name in taken:
                message = f"`{name}` means something else in the input of an action."
                self._refuse((*path, "name"), message, "Choose another name.", Code.NAME_RESERVED)
            elif name in fields:
                self._refuse(path, f"This action has a parameter `{name}` already.", "Rename one.", Code.NAME_CLASH)
            else:
                field = self._like(name, param, path) if param.field is not None else self._own(name, param, path)
                fields |= {} if field is None else {name: field}
        return fields

    def _refuse(self, path: Path, message: str, hint: str | None = None, code: Code = Code.ACTION) -> None:
        self.faults.append(self._document.fault(path, code, message, hint))

    def _written(self, number: int | str) -> Mapping[str, Any]:
        """Returns a parameter as it was written."""
        written: Mapping[str, Any] = self._document.source.value[PARAMS][number]
        return written

    def _like(self, name: str, param: ActionParam, path: Path) -> Field | None:
        """Returns a parameter that is like a field of the object; what it says itself goes before what the field says."""
        if self._subject is None:
            self._refuse((*path, "field"), "An action of no object has no fields.", "Say `objectName`, or a `type`.")
            return None
        like = self._subject.fields.get(str(param.field))
        if like is None:
            place, known = self._document.value_at(*path, "field"), self._subject.fields
            self.faults.append(unknown_field(place, str(param.field), self._subject.name, known))
            return None
        written = self._written(path[1])
        for key in ("type", *_OF_TYPES):
            if key in written:
                self._refuse((*path, key), f"`{key}` is that of the field `{like.name}`.", "Drop it, or drop `field`.")
        own = {
            "label": param.label or like.label,
            "required": like.required if param.required is msgspec.UNSET else param.required,
            "default_value": None if param.default_value is msgspec.UNSET else param.default_value,
            "inline_help_text": param.help_text or like.declaration.inline_help_text,
        }
        options = msgspec.structs.replace(like.declaration, **own)
        if not self._fits(name, options, like.type, path):
            return None
        return msgspec.structs.replace(
            like,
            name=name,
            declaration=options,
            reader=like.type.reader(options),
            label=own["label"],
            required=own["required"],
            default=default_of(options),
            system=False,
        )

    def _own(self, name: str, param: ActionParam, path: Path) -> Field | None:
        """Returns a parameter of a type."""
        if param.default_from_row:
            self._refuse(
                (*path, "defaultFromRow"), "Only a parameter with a `field` finds its value in a record.", "Drop it."
            )
        kind = FIELD_TYPES.get(param.type or "text")
        if kind is None:
            hint = did_you_mean(str(param.type), FIELD_TYPES)
            self._refuse((*path, "type"), f"There is no field type `{param.type}`.", hint, Code.UNKNOWN_FIELD_TYPE)
            return None
        written = self._written(path[1])
        known = {field.encode_name: field for field in msgspec.structs.fields(kind.declaration)}
        faults = len(self.faults)
        for key in _OF_TYPES:
            if key in written and key not in known:
                self._refuse((*path, key), f"A parameter of type `{kind.name}` takes no `{key}`.", "Drop it.")
        for key, option in known.items():
            if option.required and key not in written:
                self._refuse(path, f"A parameter of type `{kind.name}` needs `{key}`.", code=Code.MISSING_KEY)
        if len(self.faults) > faults:
            return None
        said = {key: written[key] for key in (*_OF_TYPES, *_OF_ALL) if key in written}
        said |= {} if param.help_text is None else {"inlineHelpText": param.help_text}
        try:
            options = msgspec.convert({"type": kind.name, **said}, kind.declaration)
        except msgspec.ValidationError as error:
            self._refuse(path, f"The options do not fit a parameter of type `{kind.name}`: {error}.")
            return None
        if not self._fits(name, options, kind, path):
            return None
        return msgspec.structs.replace(
            link_field(name, options, self._document.value_at(*path), walled=False), system=False
        )

    def _fits(self, name: str, options: FieldOptions, kind: FieldType, path: Path) -> bool:
        """Tells whether a value of the type can be sent, and its options fit together; notes what is wrong."""
        found = list(self._faults(name, options, kind, path))
        self.faults += found
        return not found

    def _faults(self, name: str, options: FieldOptions, kind: FieldType, path: Path) -> Iterator[Fault]:
        if kind.computed:
            message = f"A value of type `{kind.name}` is computed: nobody can send `{name}`."
            yield self._document.fault(path, Code.ACTION, message, "Drop it.")
            return
        for key, message in kind.check(options):
            yield self._document.fault((*path, key), Code.ACTION, f"{message[:1].upper()}{message[1:]}.")
        target = getattr(options, "reference", None)
        if target is not None and self._objects.get(target) is None:
            yield from self._objects.missing(self._document.value_at(*path, "reference"), target)
        if options.default_value not in (msgspec.UNSET, None):
            yield from default_faults((*path, "defaultValue"), options, kind, self._document)
