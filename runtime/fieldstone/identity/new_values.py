"""New values of an account: what somebody may choose as his name, his address and his password. All faults together."""

from collections.abc import Iterator, Mapping

from fieldstone.errors import FieldFault, Invalid
from fieldstone.identity.means import Means, normal
from fieldstone.kinds.fields.field_type import Rejected

LONGEST_PASSWORD = 256
"""The most bytes of a password: what is hashed is bounded."""


def check_values(means: Means, values: Mapping[str, str], email: str, names: Mapping[str, str] | None = None) -> None:
    """Raises Invalid with every fault of new values of the user of an address; `names` are those under which they were sent."""
    faults = [
        FieldFault((names or {}).get(field, field), code, message)
        for field, value in values.items()
        for code, message in _faults(means, field, value, email)
    ]
    if faults:
        raise Invalid(faults[0].message if len(faults) == 1 else "Some values are not valid.", faults=faults)


def _faults(means: Means, field: str, value: str, email: str) -> Iterator[tuple[str, str]]:
    try:
        means.fields[field].reader(value)
    except Rejected as rejected:
        yield rejected.code, f"{rejected.message}."
        return
    if field == "email" and not _is_welcome(means, value):
        yield "invalid_value", "Addresses of this domain are not taken here."
    if field == "password" and len(value.encode()) > LONGEST_PASSWORD:
        yield "max_length", f"A password has at most {LONGEST_PASSWORD} bytes."
    if field == "password" and normal(value) == normal(email):
        yield "invalid_value", "A password is not the e-mail address."


def _is_welcome(means: Means, email: str) -> bool:
    domains = means.auth.email_domains
    return not domains or normal(email).rpartition("@")[2] in domains
