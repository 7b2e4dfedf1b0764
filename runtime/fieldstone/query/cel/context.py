"""What an expression may know of who asks: the types of `current_user` and of `os.org`."""

from fieldstone.query.cel.types import STRING, list_of, optional, struct_of

CALLER_TYPE = struct_of(
    {
        "id": optional(STRING),
        "email": optional(STRING),
        "organization_id": optional(STRING),
        "roles": list_of(STRING),
        "positions": list_of(STRING),
        "permissions": list_of(STRING),
    }
)
"""What `current_user` is in an expression."""

ORGANIZATION_TYPE = struct_of({"id": optional(STRING), "timezone": STRING})
"""What `os.org` is in an expression: the caller's active organisation."""
