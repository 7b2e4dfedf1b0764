"""The table of field types. To add one: a module beside this one, its types in `FIELD_TYPES`, its Struct in `AnyField`."""

from collections.abc import Mapping

from fieldstone.kinds.fields import (
    autonumber,
    boolean,
    choice,
    composite,
    currency,
    file,
    formula,
    gauge,
    json,
    markup,
    number,
    password,
    place,
    reference,
    secret,
    summary,
    tags,
    temporal,
    text,
    vector,
)
from fieldstone.kinds.fields.field_type import FieldType

FIELD_TYPES: Mapping[str, FieldType] = {
    field_type.name: field_type
    for family in (
        text,
        markup,
        number,
        currency,
        gauge,
        boolean,
        temporal,
        choice,
        tags,
        reference,
        file,
        place,
        json,
        composite,
        vector,
        password,
        secret,
        summary,
        autonumber,
        formula,
    )
    for field_type in family.TYPES
}

AnyField = (
    composite.Part
    | reference.LookupOptions
    | reference.MasterDetailOptions
    | reference.TreeOptions
    | reference.UserOptions
    | file.FileOptions
    | file.ImageOptions
    | file.AvatarOptions
    | file.VideoOptions
    | file.AudioOptions
    | json.JsonOptions
    | composite.CompositeOptions
    | composite.RepeaterOptions
    | composite.RecordOptions
    | vector.VectorOptions
    | password.PasswordOptions
    | secret.SecretOptions
    | summary.SummaryOptions
    | autonumber.AutonumberOptions
    | formula.FormulaOptions
)
"""A field as it is declared; `type` says which."""
