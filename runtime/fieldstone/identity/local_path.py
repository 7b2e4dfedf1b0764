"""Local paths: where a browser may be sent when something is done. Never to another site.

Refuses whatever a browser could read as an address of its own: a scheme, two slashes, a backslash, blanks and control characters.
"""

import re
from urllib.parse import urlencode, urlsplit, urlunsplit

from fieldstone.errors import FieldFault, Invalid

_LOCAL = re.compile(r"/(?![/\\])[!-\[\]-~]*")
_LONGEST = 2000


def is_local(path: str) -> bool:
    """Tells whether a path leads nowhere but to a page of this server."""
    return len(path) <= _LONGEST and _LOCAL.fullmatch(path) is not None


def local_path(path: str, field: str) -> str:
    """Returns a path as it is; raises Invalid, naming the field that held it, for what is not local."""
    if not is_local(path):
        fault = FieldFault(field, "invalid_value", f"`{field}` is a path on this server, such as `/welcome`.")
        raise Invalid(fault.message, faults=[fault])
    return path


def with_query(path: str, **values: str) -> str:
    """Returns a path or address with more in its query."""
    parts = urlsplit(path)
    query = "&".join(filter(None, (parts.query, urlencode(values))))
    return urlunsplit(parts._replace(query=query))
