"""Kind `object`: a business object, its fields and who shares it (contract 2.4)."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

import msgspec

from fieldstone.kinds.declaration import CapabilityName, Declared, Kind, Name
from fieldstone.kinds.fields.table import AnyField
from fieldstone.kinds.validation import Rule, typed

_ID_PREFIX = "A prefix is made of lower-case letters and digits, and ends with `_`: `tic_`."
IdPrefix = Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9]*_$", max_length=12, description=_ID_PREFIX)]
ApiMethod = Literal[
    "get",
    "list",
    "create",
    "update",
    "delete",
    "bulk",
    "upsert",
    "aggregate",
    "history",
    "search",
    "import",
    "export",
    "restore",
    "purge",
]
Method = ApiMethod | Literal["clone"]
ManagedBy = Literal["platform", "config", "system-data", "append-only", "engine-owned", "better-auth"]
SharingModel = Literal["private", "public_read", "public_read_write", "controlled_by_parent"]


class Index(Declared, frozen=True, kw_only=True):
    """An index over several fields; a unique one holds within an organisation."""

    fields: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    """The fields, in the order in which they are sorted."""
    unique: bool = False
    """No two records of an organisation have the same values."""
    name: Name | None = None
    """The index's own name; made of the object's and the fields' unless given."""


class ThroughMembership(Declared, frozen=True, kw_only=True):
    """Tenancy through another object: a record is inside the wall when a row of `object` points to it by `field`."""

    object: str
    """The object whose rows say who is inside."""
    field: str
    """Its field that holds this object's id."""


class Access(Declared, frozen=True, kw_only=True):
    """`default: private` keeps wildcard grants (`'*'`) away from the object."""

    default: Literal["public", "private"] = "public"
    """`private`: only a permission set that names the object reaches it, and one that views and modifies all."""


class FieldGroup(Declared, frozen=True, kw_only=True):
    """A group of fields that are shown together; a field names it as its `group`."""

    key: Name
    """By what fields name it."""
    label: str | None = None
    """What people call it."""
    icon: str | None = None
    """The name of an icon."""
    description: str | None = None
    """What its fields have in common."""
    collapse: Literal["none", "expanded", "collapsed"] = "none"
    """Whether it can be folded, and how it is at first."""


class Enable(Declared, frozen=True, kw_only=True):
    """What an object does beside keeping its records."""

    track_history: bool = False
    """Keeps every version of every record, for `history`, `?asOf=` and `restore`."""
    trash: bool = False
    """A deleted record goes to the trash, from which it can be restored until it is purged."""
    searchable: bool = True
    """`false`: no words are kept, and `search` is not offered."""
    clone: bool = True
    """`false`: no record is made like another."""
    api_enabled: bool | None = None
    """As `apiEnabled` of the object, which may say it instead."""
    api_methods: tuple[ApiMethod, ...] | None = None
    """As `apiMethods` of the object, which may say it instead."""


class SystemFields(Declared, frozen=True, kw_only=True):
    """Which of the fields that every object has are left out; `id` and `version` never are, and `ownership: none` leaves out the owner."""

    tenant: bool = True
    """`false`: no `organization_id`, and so no wall: every organisation sees the records, as under `tenancy: none`."""
    audit: bool = True
    """`false`: no `created_at`, `updated_at`, `created_by` and `updated_by`."""


class RequiredPermissions(Declared, frozen=True, kw_only=True):
    """Capabilities that an action asks for, all of them, beside the right to the object."""

    read: tuple[CapabilityName, ...] = ()
    """To see records in any way."""
    create: tuple[CapabilityName, ...] = ()
    """To create records."""
    update: tuple[CapabilityName, ...] = ()
    """To change records."""
    delete: tuple[CapabilityName, ...] = ()
    """To delete records, and to restore and purge them."""


class ObjectDeclaration(Declared, frozen=True, kw_only=True):
    """A business object.

    `ownership: none` leaves `owner_id` out; an unset `sharingModel` is `private` with an owner and `public_read_write` without.
    `tenancy: none` takes the object out of the organisation wall, `tenancy: personal` puts a wall around each user. `apiMethods` lists what
    the data API may do with it.
    """

    elsewhere: ClassVar[Mapping[str, str]] = {
        "softDelete": "Say `enable: {trash: true}` on the object.",
        "trash": "Say `enable: {trash: true}` on the object.",
        "trackHistory": "Say `enable: {trackHistory: true}` on the object.",
        "isSystem": "Say `managedBy`, which decides what may be written.",
        "protection": "Say `managedBy`, which decides what may be written.",
        "userActions": "Say `managedBy`, or `apiMethods`.",
        "externalSharingModel": "Nobody is external here: a permission set and `sharingModel` decide for everybody.",
        "lifecycle": "Records stay until somebody deletes them.",
        "datasource": "All objects of an app are in its one database.",
        "external": "All objects of an app are in its one database.",
        "publicSharing": "A record is seen by members of its organisation alone.",
    }

    name: Name
    """The name in paths, queries and references; as in the file's name, and new among all objects."""
    renamed_from: Name | None = None
    """The name it had before: `fieldstone migrate` renames its table, and what the database knows of it stays."""
    label: str | None = None
    """What people call one record."""
    plural_label: str | None = None
    """What people call several."""
    description: str | None = None
    """What the object is for."""
    icon: str | None = None
    """The name of an icon, for faces that show one; told by `/meta`."""
    fields: Annotated[dict[Name, AnyField], msgspec.Meta(max_length=500)]
    """The fields by name, in the order in which they are shown; at most 500, for a table has no more columns than that leaves room for."""
    indexes: tuple[Index, ...] = ()
    """Indexes over several fields; one field says `index: true` itself."""
    sharing_model: SharingModel | None = None
    """Which records a right to the object opens before any row policy."""
    ownership: Literal["user", "none"] = "user"
    """`user`: each record has an `owner_id`."""
    tenancy: Literal["organization", "personal", "none"] | ThroughMembership = "organization"
    """`organization`: each record is seen within its organisation alone. `personal`: by its own user alone, the field `user_id`."""
    system_fields: bool | SystemFields = True
    """Which system fields there are; `false` leaves out those of the tenant and of the audit."""
    access: Access = Access()
    """Whether a permission set reaches the object without naming it."""
    required_permissions: tuple[CapabilityName, ...] | RequiredPermissions = ()
    """Capabilities that the object asks for, all of them: for everything, or by action."""
    name_field: str | None = None
    """The field that stands for the whole record where there is room; told by `/meta`, searched where no field is `searchable`."""
    id_prefix: IdPrefix | None = None
    """What stands before ids on surfaces that say `idents: prefixed`."""
    max_page_size: Annotated[int, msgspec.Meta(ge=1, le=5000)] = 200
    """The most records on a page; a larger `limit` is cut to it."""
    title_format: str | None = None
    """How faces call a record: text with fields in it, such as `{{number}}: {{subject}}`; told by `/meta`."""
    searchable_fields: tuple[str, ...] = ()
    """Fields that `search` looks for words in, beside those that say `searchable: true` themselves."""
    highlight_fields: tuple[str, ...] = ()
    """The fields that say most of a record, for faces that show a few; told by `/meta`."""
    stage_field: str | None = None
    """The field that tells how far a record has come, for faces that show stages; told by `/meta`."""
    field_groups: tuple[FieldGroup, ...] = ()
    """The groups of fields in their order; told by `/meta`."""
    managed_by: ManagedBy = "platform"
    """Who keeps the records: nobody but the system writes those that are `engine-owned` or `better-auth`; `append-only` ones are created,
    never changed or deleted; of the others everything is offered."""
    api_enabled: bool | None = None
    """`false` keeps the object off every surface: it answers as one that does not exist."""
    api_methods: tuple[ApiMethod, ...] | None = None
    """What the data API offers of it; the rest is 405. Everything, unless given."""
    enable: Enable = Enable()
    """History and trash, which are off unless said, and other things, which are on."""
    validations: tuple[Rule, ...] = ()
    """Rules that every record satisfies whenever it is written."""

    @classmethod
    def completed(cls, value: Any) -> Any:
        """Returns a document with the type of every plain validation rule written out."""
        rules = value.get("validations") if isinstance(value, dict) else None
        return {**value, "validations": [typed(rule) for rule in rules]} if isinstance(rules, list) else value


OBJECT = Kind(name="object", plural="objects", struct=ObjectDeclaration, summary="A business object and its fields")
