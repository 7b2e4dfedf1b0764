"""Kind `seed`: records that a new database starts with."""

from typing import Annotated, Any

import msgspec

from fieldstone.kinds.declaration import Declared, Kind
from fieldstone.kinds.object import Name


class SeedDeclaration(Declared, frozen=True, kw_only=True):
    """Records of one object, written in the default organisation, once each, found again by the field `externalId`.

    A reference field holds the `externalId` value of the record that it points to (for `sys_user`: the e-mail address).
    """

    name: Name
    object: str
    external_id: str
    records: Annotated[tuple[dict[str, Any], ...], msgspec.Meta(min_length=1)]


SEED = Kind(name="seed", plural="seeds", struct=SeedDeclaration, summary="Records that a new database starts with")
