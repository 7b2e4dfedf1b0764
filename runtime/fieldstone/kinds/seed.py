"""Kind `seed`: records that a new database starts with."""

from typing import Annotated, Any

import msgspec

from fieldstone.kinds.declaration import Declared, Kind, Name


class SeedDeclaration(Declared, frozen=True, kw_only=True):
    """Records of one object, written in the default organisation, once each, found again by the field `externalId` (or several).

    A reference field holds the `externalId` value of the record that it points to (for `sys_user`: the e-mail address).
    """

    name: Name
    """The seed's name."""
    object: str
    """The object of the records."""
    external_id: Name | Annotated[tuple[Name, ...], msgspec.Meta(min_length=1)]
    """The field, or fields, that tell records apart."""
    records: Annotated[tuple[dict[str, Any], ...], msgspec.Meta(min_length=1)]
    """The records: values by field."""

    @property
    def key(self) -> tuple[str, ...]:
        """The fields by which a record is found again."""
        return (self.external_id,) if isinstance(self.external_id, str) else self.external_id


SEED = Kind(name="seed", plural="seeds", struct=SeedDeclaration, summary="Records that a new database starts with")
