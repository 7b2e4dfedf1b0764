"""The table of field types. To add one: a module beside this one, its types in `FIELD_TYPES`, its Struct in `AnyField`."""

from collections.abc import Mapping

from fieldstone.kinds.fields import boolean, choice, json, number, password, reference, temporal, text
from fieldstone.kinds.fields.field_type import FieldType

FIELD_TYPES: Mapping[str, FieldType] = {
    field_type.name: field_type
    for family in (text, number, boolean, temporal, choice, reference, json, password)
    for field_type in family.TYPES
}

AnyField = (
    text.TextOptions
    | text.TextareaOptions
    | text.MarkdownOptions
    | text.EmailOptions
    | text.UrlOptions
    | text.PhoneOptions
    | number.NumberOptions
    | number.CurrencyOptions
    | number.PercentOptions
    | boolean.BooleanOptions
    | boolean.ToggleOptions
    | temporal.DateOptions
    | temporal.DatetimeOptions
    | temporal.TimeOptions
    | choice.SelectOptions
    | choice.RadioOptions
    | choice.MultiselectOptions
    | reference.LookupOptions
    | reference.MasterDetailOptions
    | reference.UserOptions
    | json.JsonOptions
    | password.PasswordOptions
)
"""A field as it is declared; `type` says which."""
