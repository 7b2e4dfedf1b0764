"""What can be wrong with an object beyond what its Struct sees: names that are taken, options that do not fit, dangling references."""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from fieldstone.errors import Fault
from fieldstone.kinds.fields.autonumber import AutonumberOptions, format_of
from fieldstone.kinds.fields.field_type import FieldOptions
from fieldstone.kinds.object import ObjectDeclaration, ThroughMembership
from fieldstone.query.cel.tokens import WORDS
from fieldstone.query.names import did_you_mean
from fieldstone.query.storage import StorageClass
from fieldstone.registry.codes import Code
from fieldstone.registry.documents import Document
from fieldstone.registry.field_defaults import default_faults
from fieldstone.registry.history import history_name
from fieldstone.registry.known import Known, unknown_field
from fieldstone.registry.named_fields import named_field_faults
from fieldstone.registry.objects import (
    PERSONAL_FIELD,
    all_options,
    field_type_of,
    holds_many,
    holds_text,
    is_masked,
    object_declaration,
    system_fields_of,
)
from fieldstone.registry.offers import offer_faults
from fieldstone.registry.system_fields import SYSTEM_NAMES
from fieldstone.registry.validations.rule import RECORD, WARNINGS

_EXPRESSION_WORDS = WORDS | {"record", "current_user"}
_IN_ANSWERS = frozenset({RECORD, WARNINGS})
_RESERVED = SYSTEM_NAMES | _IN_ANSWERS | _EXPRESSION_WORDS
_UNFIT = {
    "unique": frozenset({"json", "none", "list"}),
    "index": frozenset({"json", "none", "list"}),
    "searchable": frozenset({"json", "none"}),
}
"""The families whose fields cannot say a key."""
_UNFITTING = frozenset().union(*_UNFIT.values())
LONGEST_OBJECT_NAME = 63


def object_faults(document: Document, objects: Known[Document]) -> Iterator[Fault]:
    """Yields everything wrong with an object that its Struct does not see; `objects` are all of them."""
    declaration = object_declaration(document)
    for name, options in declaration.fields.items():
        yield from _field_faults(name, options, document, objects)
    yield from named_field_faults(document, declaration)
    yield from offer_faults(document, declaration)
    yield from _sharing_faults(document, declaration, objects)
    if isinstance(declaration.tenancy, ThroughMembership):
        yield from _tenancy_faults(document, declaration.tenancy, objects)
    elif declaration.tenancy == "personal":
        yield from _personal_faults(document, declaration)
    yield from _enable_faults(document, declaration, objects)


def prefix_faults(documents: Mapping[str, Document]) -> Iterator[Fault]:
    """Yields a fault for every id prefix that an object before has already."""
    holders: dict[str, str] = {}
    for name, document in documents.items():
        prefix = object_declaration(document).id_prefix
        if prefix is not None and prefix in holders:
            message = f"`{prefix}` is already the prefix of `{holders[prefix]}`."
            yield document.fault(("idPrefix",), Code.NAME_CLASH, message, "Choose another.")
        elif prefix is not None:
            holders[prefix] = name


def former_name_faults(documents: Mapping[str, Document]) -> Iterator[Fault]:
    """Yields a fault for an old name that is still an object's, or that another object has had."""
    holders: dict[str, str] = {}
    for name, document in documents.items():
        old = object_declaration(document).renamed_from
        if old in documents:
            message = f"`{old}` is an object now, so `{name}` cannot have been it."
            yield document.fault(("renamedFrom",), Code.NAME_CLASH, message, "Drop `renamedFrom`.")
        elif old in holders:
            message = f"`{holders[old]}` says already that it was `{old}`."
            yield document.fault(("renamedFrom",), Code.NAME_CLASH, message, "Keep one of the two.")
        elif old is not None:
            holders[old] = name


def _field_faults(name: str, options: FieldOptions, document: Document, objects: Known[Document]) -> Iterator[Fault]:
    if name in _RESERVED:
        yield _name_fault(name, document)
    kind = field_type_of(options)
    wrong = kind.check(options)
    for key, message in wrong:
        yield document.fault(("fields", name, key), Code.FIELD_OPTION, f"{_sentence(message, key)}.")
    target = getattr(options, "reference", None)
    if target is not None and objects.get(target) is None:
        yield from objects.missing(document.value_at("fields", name, "reference"), target)
    family = kind.family(options)
    unfit = _unfit_keys(options, family) if family in _UNFITTING else ()
    for key in unfit:
        message = f"A field of type `{kind.name}` cannot be `{key}`: its values are not compared."
        yield document.fault(("fields", name, key), Code.FIELD_OPTION, message, f"Drop `{key}`.")
    if options.searchable and "searchable" not in unfit and not holds_text(options):
        message = f"`{name}` cannot be `searchable`: it holds no texts that somebody reads."
        yield document.fault(("fields", name, "searchable"), Code.FIELD_OPTION, message, "Drop `searchable`.")
    if options.default_value is not msgspec.UNSET and not wrong:
        yield from default_faults(("fields", name, "defaultValue"), options, kind, document)
    if kind.name == "tree" and target not in (None, document.name):
        message = f"A tree is made of records of one object: `{document.name}`."
        yield document.fault(("fields", name, "reference"), Code.FIELD_OPTION, message, "Make it a `lookup`.")
    if options.external_id and not options.unique and not any(key == "externalId" for key, _ in wrong):
        message = "An external id finds one record, so it must be unique."
        yield document.fault(("fields", name, "externalId"), Code.FIELD_OPTION, message, "Add `unique: true`.")
    if options.track_history is True and not object_declaration(document).enable.track_history:
        message = f"`{name}` cannot have its changes listed: `{document.name}` keeps no history."
        hint = "Say `enable: {trackHistory: true}` on the object."
        yield document.fault(("fields", name, "trackHistory"), Code.FIELD_OPTION, message, hint)
    if options.renamed_from is not None:
        yield from _renaming_faults(name, options.renamed_from, document)
    if isinstance(options, AutonumberOptions) and not wrong:
        yield from _number_faults(name, options, document)


def _unfit_keys(options: FieldOptions, family: str) -> Sequence[str]:
    return [key for key, families in _UNFIT.items() if family in families and getattr(options, key)]


def _number_faults(name: str, options: AutonumberOptions, document: Document) -> Iterator[Fault]:
    """Yields a fault for every field that an autonumber names and that holds no short text or whole number of the record's own."""
    known = all_options(object_declaration(document))
    path = ("fields", name, "format" if options.format is not None else "autonumberFormat")
    for named in format_of(options).fields:
        if named not in known:
            yield unknown_field(document.value_at(*path), named, document.name, known)
        elif not _stands_in_numbers(known[named]):
            message = f"`{named}` cannot stand in a number: it holds no text of its own, nor a whole number."
            yield document.fault(path, Code.FIELD_OPTION, message, "Name a text, a choice or a whole number.")
        elif is_masked(known[named]) and named not in options.discloses:
            message = f"`{named}` is masked, and the number would show it whole."
            yield document.fault(path, Code.FIELD_OPTION, message, f"Have it say `discloses: [{named}]`.")
    inputs = format_of(options).fields
    for position, disclosed in enumerate(options.discloses):
        if disclosed not in inputs:
            message = f"`{disclosed}` does not stand in the number, so it cannot disclose it."
            hint = did_you_mean(disclosed, inputs) or "Drop it."
            yield document.fault(("fields", name, "discloses", position), Code.FIELD_OPTION, message, hint)


def _stands_in_numbers(options: FieldOptions) -> bool:
    kind = field_type_of(options)
    storage = kind.storage(options)
    plain = not kind.computed and kind.mask is None and getattr(options, "reference", None) is None
    text = storage.kind == StorageClass.TEXT and kind.family(options) == "text"
    return plain and (text or storage.kind == StorageClass.INTEGER)


def _name_fault(name: str, document: Document) -> Fault:
    if name in SYSTEM_NAMES:
        message = f"`{name}` is a system field, which every object may have."
    elif name in _IN_ANSWERS:
        message = f"`{name}` stands beside the fields of a record in some answers."
    else:
        message = f"`{name}` is a word of the expression language."
    return Fault(document.key_at("fields", name), Code.NAME_RESERVED, message, "Choose another name.")


def _sentence(message: str, key: str) -> str:
    return message if message.startswith(key) else f"{message[:1].upper()}{message[1:]}"


def _renaming_faults(name: str, old: str, document: Document) -> Iterator[Fault]:
    """Yields a fault for an old name that is still a field's, or that another field has had."""
    fields = object_declaration(document).fields
    if old in fields or old in SYSTEM_NAMES:
        message = f"`{old}` is a field of `{document.name}` now, so `{name}` cannot have been it."
        yield document.fault(("fields", name, "renamedFrom"), Code.FIELD_OPTION, message, "Drop `renamedFrom`.")
    twin = next(other for other, declared in fields.items() if declared.renamed_from == old)
    if twin != name:
        message = f"`{twin}` says already that it was `{old}`."
        yield document.fault(("fields", name, "renamedFrom"), Code.FIELD_OPTION, message, "Keep one of the two.")


def _masters(declaration: ObjectDeclaration) -> list[tuple[str, str]]:
    """Returns the master_detail fields and the objects that they point to."""
    return [
        (name, str(getattr(options, "reference", "")))
        for name, options in declaration.fields.items()
        if options.__struct_config__.tag == "master_detail"
    ]


def _sharing_faults(document: Document, declaration: ObjectDeclaration, objects: Known[Document]) -> Iterator[Fault]:
    if declaration.sharing_model != "controlled_by_parent":
        return
    masters = _masters(declaration)
    if len(masters) != 1:
        count = len(masters) or "no"
        message = f"`{declaration.name}` has {count} field{'s' if len(masters) > 1 else ''} of type `master_detail`."
        hint = "Add the one that names its master." if not masters else "Keep one, and make the others lookups."
        yield document.fault(("sharingModel",), Code.PARENT_MISSING, message, hint)
        return
    chain = [declaration.name]
    current = objects.get(masters[0][1])
    while current is not None and object_declaration(current).sharing_model == "controlled_by_parent":
        if current.name in chain:
            if current.name == declaration.name:
                circle = " -> ".join([*chain, current.name])
                hint = "Give one of them another sharingModel."
                place = document.value_at("fields", masters[0][0], "reference")
                yield Fault(place, Code.PARENT_CYCLE, f"The masters of these objects form a circle: {circle}.", hint)
            return
        chain.append(current.name)
        above = _masters(object_declaration(current))
        current = objects.get(above[0][1]) if above else None


def _enable_faults(document: Document, declaration: ObjectDeclaration, objects: Known[Document]) -> Iterator[Fault]:
    """Yields a fault for a name that leaves no room for its history's, and for what the trash of another object would not keep."""
    longest = LONGEST_OBJECT_NAME - len(history_name(""))
    if declaration.enable.track_history and len(declaration.name) > longest:
        message = f"An object that keeps its history has a name of at most {longest} characters."
        yield document.fault(("name",), Code.WRONG_VALUE, message, "Choose a shorter one.")
    if declaration.enable.track_history and not system_fields_of(declaration).audit:
        message = "A history tells who changed a record and when, and these fields are left out."
        yield document.fault(("systemFields",), Code.WRONG_VALUE, message, "Keep `audit`, or drop `trackHistory`.")
    if declaration.enable.trash:
        return
    for name, options in declaration.fields.items():
        if getattr(options, "delete_behavior", None) != "cascade":
            continue
        target = objects.get(getattr(options, "reference", None) or "")
        if target is not None and object_declaration(target).enable.trash:
            message = (
                f"`{declaration.name}` has no trash, so its records would be gone for good when a `{target.name}` record"
                " goes to its own."
            )
            hint = "Say `enable: {trash: true}` here too, or give the field another `deleteBehavior`."
            yield Fault(document.key_at("fields", name), Code.TRASH_LOSES, message, hint)


def _personal_faults(document: Document, declaration: ObjectDeclaration) -> Iterator[Fault]:
    user = declaration.fields.get(PERSONAL_FIELD)
    if user is None or getattr(user, "reference", None) != "sys_user" or holds_many(user) or not user.required:
        message = f"`{declaration.name}` has no field `{PERSONAL_FIELD}` that names the user of each record."
        hint = f"Add `{PERSONAL_FIELD}: {{type: user, required: true, deleteBehavior: cascade}}`."
        yield document.fault(("tenancy",), Code.TENANCY, message, hint)


def _tenancy_faults(document: Document, through: ThroughMembership, objects: Known[Document]) -> Iterator[Fault]:
    member = objects.get(through.object)
    if member is None:
        yield from objects.missing(document.value_at("tenancy", "object"), through.object)
        return
    known = all_options(object_declaration(member))
    if through.field not in known:
        yield unknown_field(document.value_at("tenancy", "field"), through.field, through.object, known)
    if "organization_id" not in known:
        message = f"`{through.object}` stands outside the organisation wall itself."
        yield document.fault(
            ("tenancy", "object"), Code.TENANCY, message, "Name an object whose tenancy is `organization`."
        )
