"""A page: its frame, its style and its policy. Whatever is put into it is escaped here, and nothing in it is run."""

import base64
import hashlib
from collections.abc import Mapping
from html import escape

from fieldstone.surfaces.http.request import Header, Response

STYLE = """
:root { color-scheme: light dark; font: 100%/1.5 system-ui, sans-serif; }
body { display: grid; min-height: 100vh; margin: 0; place-items: center; background: Canvas; color: CanvasText; }
main { box-sizing: border-box; width: min(26rem, 100%); padding: 2rem 1.5rem; }
h1 { margin: 0 0 1rem; font-size: 1.5rem; line-height: 1.25; }
form { display: grid; gap: .4rem; margin: 1.25rem 0; }
input { font: inherit; padding: .6rem .7rem; margin-bottom: .6rem; border: 1px solid GrayText; border-radius: .4rem; }
button { font: inherit; padding: .65rem 1rem; border: 1px solid #1d4ed8; border-radius: .4rem; cursor: pointer; }
button { background: #1d4ed8; color: #fff; }
button.plain { background: transparent; color: inherit; border-color: GrayText; }
input:focus-visible, button:focus-visible, a:focus-visible { outline: 3px solid #f59e0b; outline-offset: 2px; }
.code { font: 1.75rem/1.4 ui-monospace, monospace; letter-spacing: .12em; text-align: center; }
.wrong { padding: .6rem .8rem; border-left: .3rem solid #dc2626; background: color-mix(in srgb, #dc2626 12%, Canvas); }
"""

_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY: Header = (
    b"content-security-policy",
    f"default-src 'none'; style-src 'sha256-{_HASH}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'".encode(),
)
NOT_STORED: Header = (b"cache-control", b"no-store")
_HTML = b"text/html; charset=utf-8"


def page(title: str, *parts: str, status: int = 200, head: str = "", headers: tuple[Header, ...] = ()) -> Response:
    """Returns the page of parts that are HTML already; the title is a text."""
    body = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n{head}</head>\n<body>\n<main>\n"
        f"<h1>{escape(title)}</h1>\n{''.join(parts)}</main>\n</body>\n</html>\n"
    )
    return Response(status, body.encode(), _HTML, (POLICY, NOT_STORED, *headers))


def go_on(path: str, *headers: Header) -> Response:
    """Returns the answer to a form that sends the browser on to a path of this server."""
    return Response(303, b"", _HTML, ((b"location", path.encode("ascii")), NOT_STORED, *headers))


def paragraph(text: str) -> str:
    """Returns a text as a paragraph."""
    return f"<p>{escape(text)}</p>\n"


def complaint(text: str | None) -> str:
    """Returns what is wrong, read out at once; nothing for nothing."""
    return f'<p class="wrong" role="alert">{escape(text)}</p>\n' if text else ""


def field(name: str, label: str, kind: str = "text", value: str = "", **more: str) -> str:
    """Returns an input with its label; `more` are attributes, with `_` for `-`."""
    extra = "".join(f' {key.replace("_", "-")}="{escape(text)}"' for key, text in more.items())
    return (
        f'<label for="{name}">{escape(label)}</label>\n'
        f'<input id="{name}" name="{name}" type="{kind}" value="{escape(value)}" required{extra}>\n'
    )


def button(label: str, name: str = "", value: str = "", *, plain: bool = False) -> str:
    """Returns a button that sends its form, with a value of its own where it has a name."""
    own = f' name="{name}" value="{escape(value)}"' if name else ""
    looks = ' class="plain"' if plain else ""
    return f"<button{own}{looks}>{escape(label)}</button>\n"


def link(path: str, text: str) -> str:
    """Returns a link in a paragraph of its own."""
    return f'<p><a href="{escape(path)}">{escape(text)}</a></p>\n'


def form(action: str, *parts: str, hidden: Mapping[str, str] | None = None, method: str = "post") -> str:
    """Returns a form of parts that are HTML already."""
    kept = "".join(
        f'<input type="hidden" name="{name}" value="{escape(value)}">\n' for name, value in (hidden or {}).items()
    )
    return f'<form action="{escape(action)}" method="{method}">\n{kept}{"".join(parts)}</form>\n'
