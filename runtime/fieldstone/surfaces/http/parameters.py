"""Query parameters: each at most once, within the limit on the length of an address.

Refuses a repeated parameter, text that is not UTF-8, what is no number where one is asked for, and names that nothing reads.
"""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from functools import lru_cache
from urllib.parse import parse_qsl

from fieldstone.errors import Invalid, PayloadTooLarge
from fieldstone.surfaces.http.request import Request

_MOST = 200
_KEPT = 1024
_LONGEST_KEPT = 2048
_MOST_DIGITS = 15


def read_parameters(query: bytes) -> dict[str, str]:
    """Returns the parameters of a query string by name; a fresh dictionary that the caller may change."""
    if not query:
        return {}
    return dict(_pairs(query) if len(query) > _LONGEST_KEPT else _kept_pairs(query))


def _pairs(query: bytes) -> tuple[tuple[str, str], ...]:
    try:
        pairs = parse_qsl(query.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST)
    except UnicodeDecodeError:
        raise Invalid("The query string is not percent-encoded UTF-8.", reason="INVALID_QUERY") from None
    except ValueError:
        raise Invalid(f"There are more than {_MOST} parameters.", reason="INVALID_QUERY") from None
    if len(dict(pairs)) < len(pairs):
        names = [name for name, _ in pairs]
        twice = sorted({name for name in names if names.count(name) > 1})
        raise Invalid(f"Sent more than once: {', '.join(twice)}.", reason="INVALID_QUERY", path=twice[0])
    return tuple(pairs)


_kept_pairs = lru_cache(maxsize=_KEPT)(_pairs)
"""Pages and dashboards ask for the same again and again."""


def refuse_parameters(parameters: Iterable[str], known: Iterable[str] = ()) -> None:
    """Raises Invalid when parameters are left that nothing reads."""
    left = sorted(parameters)
    if not left:
        return
    names = sorted(known)
    near = get_close_matches(left[0], names, n=1)
    hint = f"Did you mean `{near[0]}`?" if near else _takes(names)
    raise Invalid(f"Unknown parameter `{left[0]}`.", reason="INVALID_QUERY", path=left[0], hint=hint)


def take_flag(parameters: dict[str, str], name: str) -> bool:
    """Returns a parameter that is `true` or `false`, absent as false, and takes it out of those that were sent."""
    text = parameters.pop(name, "false")
    if text not in ("true", "false"):
        raise Invalid(f"`{name}` is `true` or `false`.", reason="INVALID_QUERY", path=name)
    return text == "true"


def whole_number(name: str, text: str) -> int:
    """Returns the number that a parameter holds. Raises Invalid."""
    if not text.isascii() or not text.isdigit() or len(text) > _MOST_DIGITS:
        raise Invalid(f"`{name}` is a whole number.", reason="INVALID_QUERY", path=name)
    return int(text)


def refuse_long_address(request: Request, scope: Mapping[str, object], limit: int) -> None:
    """Raises PayloadTooLarge when the path with its query is longer than the limit."""
    raw = scope.get("raw_path")
    path = raw if isinstance(raw, bytes) else request.path.encode()
    if len(path) + len(request.query) > limit:
        raise PayloadTooLarge(
            f"The address is longer than {limit} bytes.",
            details={"limit": limit},
            hint="Send the query as a body: POST .../query.",
        )


def _takes(names: list[str]) -> str:
    return (
        f"This route takes {', '.join(f'`{name}`' for name in names)}." if names else "This route takes no parameters."
    )
