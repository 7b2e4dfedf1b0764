"""Kind `object`: a business object, its fields and who shares it (contract 2.4)."""

from typing import Annotated, Literal

import msgspec

from fieldstone.kinds.declaration import Declared, Kind
from fieldstone.kinds.fields.table import AnyField

_NAME = "A name is made of lower-case letters, digits and `_`, and does not begin with a digit."
Name = Annotated[str, msgspec.Meta(pattern="^[a-z_][a-z0-9_]*$", max_length=63, description=_NAME)]
_ID_PREFIX = "A prefix is made of lower-case letters and digits, and ends with `_`: `tic_`."
IdPrefix = Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9]*_$", max_length=12, description=_ID_PREFIX)]
ApiMethod = Literal["get", "list", "create", "update", "delete", "bulk"]
SharingModel = Literal["private", "public_read", "public_read_write", "controlled_by_parent"]


class Index(Declared, frozen=True, kw_only=True):
    """An index over several fields; a unique one holds within an organisation."""

    fields: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    unique: bool = False
    name: Name | None = None


class ThroughMembership(Declared, frozen=True, kw_only=True):
    """Tenancy through another object: a record is inside the wall when a row of `object` points to it by `field`."""

    object: str
    field: str


class Access(Declared, frozen=True, kw_only=True):
    """`default: private` keeps wildcard grants (`'*'`) away from the object."""

    default: Literal["public", "private"] = "public"


class ObjectDeclaration(Declared, frozen=True, kw_only=True):
    """A business object.

    `ownership: none` leaves `owner_id` out; an unset `sharingModel` is `private` with an owner and `public_read_write` without.
    `tenancy: none` takes the object out of the organisation wall. `apiMethods` lists what the data API may do with it.
    """

    name: Name
    label: str | None = None
    plural_label: str | None = None
    description: str | None = None
    icon: str | None = None
    fields: dict[Name, AnyField]
    indexes: tuple[Index, ...] = ()
    sharing_model: SharingModel | None = None
    ownership: Literal["user", "none"] = "user"
    tenancy: Literal["organization", "none"] | ThroughMembership = "organization"
    access: Access = Access()
    name_field: str | None = None
    id_prefix: IdPrefix | None = None
    max_page_size: Annotated[int, msgspec.Meta(ge=1, le=5000)] = 200
    api_enabled: bool = True
    api_methods: tuple[ApiMethod, ...] = ("get", "list", "create", "update", "delete", "bulk")


OBJECT = Kind(name="object", plural="objects", struct=ObjectDeclaration, summary="A business object and its fields")
