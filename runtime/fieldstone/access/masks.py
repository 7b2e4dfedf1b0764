"""Masked fields: which texts a caller is shown in part only.

A field with a `maskingRule` is masked for whoever reads it and may not change it: for him it can be shown, and neither be asked for nor
sorted, grouped or searched by. A right that one set gives is never taken away by another. Reads nothing, refuses nothing.
"""

from collections.abc import Collection, Mapping, Sequence

from fieldstone.access.fields import opens
from fieldstone.query.masking import Masking
from fieldstone.registry.catalog import Object, PermissionSet


def masked_fields(
    subject: Object, readable: Collection[str], editors: Sequence[PermissionSet]
) -> Mapping[str, Masking]:
    """Returns the masks of readable fields by name, given the sets that grant changes of the object."""
    return {
        name: field.masking
        for name, field in subject.fields.items()
        if field.masking is not None and name in readable and not any(opens(held, subject, field) for held in editors)
    }
