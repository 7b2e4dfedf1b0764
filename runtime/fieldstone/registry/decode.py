"""From a plain document to its Struct, or to everything that is wrong with it.

A document that fits is converted by msgspec at once. One that does not is walked along the Struct's types (`mismatch.py`), because
msgspec stops at the first fault and does not know where in the file it stands.
"""

from typing import Any, TypeVar, cast

import msgspec

from fieldstone.errors import Fault
from fieldstone.kinds.declaration import Declared
from fieldstone.registry.codes import Code
from fieldstone.registry.mismatch import mismatches
from fieldstone.registry.source import Source

D = TypeVar("D", bound=Declared)


def decode(source: Source, struct: type[D], file: str) -> tuple[D | None, list[Fault]]:
    """Returns the declaration, or None and every fault of the document."""
    try:
        return struct_of(source.value, struct), []
    except msgspec.ValidationError as error:
        form = struct.form_of(source.value)
        value = form.completed(source.value)
        faults = [
            Fault(
                (source.spot.find(found.path).of_key if found.at_key else source.spot.find(found.path).of_value)(file),
                found.code,
                found.message,
                found.hint,
            )
            for found in mismatches(value, form)
        ]
        return None, faults or [Fault(source.spot.of_value(file), Code.WRONG_VALUE, str(error))]


def struct_of(value: Any, struct: type[D]) -> D:
    """Returns the declaration of a document that fits; raises msgspec.ValidationError for any other."""
    form = struct.form_of(value)
    return cast("D", msgspec.convert(form.completed(value), form))
