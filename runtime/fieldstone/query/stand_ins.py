"""Stand-ins: comparands that stand for a value of the request: `{"$cel": "..."}`, `{today}`, `{current_user_id}`.

A text in braces stands for something only where no value could look like it: in a date or an instant, and where ids are compared.
"""

from collections.abc import Mapping
from typing import Any, NoReturn

from fieldstone.query.computed import compute
from fieldstone.query.names import did_you_mean, shown
from fieldstone.query.refusals import Path, refused
from fieldstone.query.relative_dates import RELATIVE_DATES, relative_day, relative_instant
from fieldstone.query.storage import FieldShape
from fieldstone.query.viewpoint import Viewpoint
from fieldstone.settings import Limits

CALLER_TOKENS: Mapping[str, str] = {"{current_user_id}": "id", "{current_organization_id}": "organization_id"}
"""By text: the value of the caller that it stands for, where ids are compared."""

CEL = "$cel"
_EXPRESSION = {CEL}
_IDS = frozenset({"id", "organization_id"})


def is_token(text: str) -> bool:
    """Tells whether a text is written as a stand-in is."""
    return text.startswith("{") and text.endswith("}")


class StandIns:
    """Puts values in the place of the stand-ins of one query."""

    __slots__ = ("_expressions", "_limits", "_viewpoint")

    def __init__(self, viewpoint: Viewpoint, limits: Limits) -> None:
        """Takes what there is to stand for, and how much may be computed."""
        self._viewpoint = viewpoint
        self._limits = limits
        self._expressions = 0

    def value(self, field: FieldShape, comparand: Any, path: Path) -> Any:
        """Returns the value that a comparand of a field stands for, or else the comparand itself. Raises Invalid."""
        kind = type(comparand)
        if kind is dict and comparand.keys() == _EXPRESSION:
            self._refuse_kept(CEL, (CEL, path))
            return self._computed(comparand[CEL], (CEL, path))
        if kind is str and comparand[:1] == "{" and is_token(comparand):
            return self._token(field, comparand, path)
        return comparand

    def _computed(self, source: Any, path: Path) -> Any:
        self._expressions += 1
        if self._expressions > self._limits.where_expressions:
            raise refused(f"A where holds at most {self._limits.where_expressions} expressions.", path)
        return compute(source, self._viewpoint, self._limits.expression_characters, path)

    def _refuse_kept(self, stand_in: str, path: Path) -> None:
        if self._viewpoint.kept:
            message = f"`{shown(stand_in)}` depends on who asks, or when, and the outcome of this condition is kept."
            raise refused(message, path, "Compare with a value, or with another field by `$field`.")

    def _token(self, field: FieldShape, token: str, path: Path) -> Any:
        viewpoint = self._viewpoint
        if field.comparison in ("day", "instant") or field.reference is not None or field.name in _IDS:
            self._refuse_kept(token, path)
        if field.comparison == "day":
            day = relative_day(token, viewpoint.now, viewpoint.timezone)
            return day.day if day else _unknown(token, RELATIVE_DATES, path)
        if field.comparison == "instant":
            found = relative_instant(token, viewpoint.now, viewpoint.timezone)
            return found or _unknown(token, RELATIVE_DATES, path)
        if field.reference is None and field.name not in _IDS:
            return token
        name = CALLER_TOKENS.get(token)
        value = viewpoint.caller.get(name) if name else _unknown(token, CALLER_TOKENS, path)
        if value is None:
            raise refused(f"There is no value for `{token}`.", path)
        return value


def _unknown(token: str, known: Mapping[str, str], path: Path) -> NoReturn:
    hint = did_you_mean(token, known) or f"There are {', '.join(f'`{name}`' for name in known)} and their like."
    raise refused(f"`{shown(token)}` stands for nothing here.", path, hint)
