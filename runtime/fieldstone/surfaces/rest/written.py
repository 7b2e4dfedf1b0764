"""Written records on a surface: the record as its writer may read it, or its id alone, and beside its fields what rules remark of it."""

from typing import Any

from fieldstone.engine.outcome import Written
from fieldstone.registry.validations.rule import WARNINGS
from fieldstone.surfaces.rest.records import RecordCodec


def plain_record(codec: RecordCodec, written: Written, place: int = 0) -> Any:
    """Returns the record at a place as a value that encodes to an object."""
    row = written.rows[place]
    return {"id": codec.shown(written.ids[place])} if row is None else codec.record(written.columns, row)


def remarked_record(codec: RecordCodec, written: Written, place: int = 0) -> Any:
    """Returns the same with the remarks as `_warnings`, where there are any."""
    remarks, row = written.remarks_at(place), written.rows[place]
    if not remarks:
        return plain_record(codec, written, place)
    if row is None:
        return {"id": codec.shown(written.ids[place]), WARNINGS: remarks}
    return codec.record((*written.columns, WARNINGS), (*row, remarks))
