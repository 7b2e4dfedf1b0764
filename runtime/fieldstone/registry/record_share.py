"""The platform's object of record shares, as code speaks of it: its name, its levels, and the objects of its recipients (contract 4.7)."""

from collections.abc import Mapping

SHARES = "sys_record_share"
LEVELS = (READ, EDIT) = ("read", "edit")

RECIPIENTS: Mapping[str, str] = {
    "user": "sys_user",
    "team": "sys_team",
    "position": "sys_position",
    "unit_and_subordinates": "sys_business_unit",
}
"""The object of each kind of recipient."""

ALIASES: Mapping[str, str] = {"group": "team"}
"""Other names of kinds of recipients."""
