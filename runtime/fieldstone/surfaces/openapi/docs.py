"""The documentation page: Swagger UI over the OpenAPI document, out of a package, so that it works without any network.

Its content security policy lets it load and fetch from this server alone.
"""

from collections.abc import Mapping
from pathlib import Path

import msgspec
from swagger_ui_bundle import swagger_ui_path

from fieldstone.errors import NotFound
from fieldstone.query.names import shown
from fieldstone.surfaces.http.conditional import tagged
from fieldstone.surfaces.http.request import Header, Request, Response

OWN = Path(__file__).parent / "assets"
BUNDLE = Path(swagger_ui_path)

POLICY: Header = (
    b"content-security-policy",
    b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'",
)


class Asset(msgspec.Struct, frozen=True):
    """A file of the page: where it lies, and what it is."""

    folder: Path
    media_type: bytes


ASSETS: Mapping[str, Asset] = {
    "docs.js": Asset(OWN, b"text/javascript"),
    "docs.css": Asset(OWN, b"text/css"),
    "swagger-ui-bundle.js": Asset(BUNDLE, b"text/javascript"),
    "swagger-ui.css": Asset(BUNDLE, b"text/css"),
    "favicon-32x32.png": Asset(BUNDLE, b"image/png"),
}


def docs_page(request: Request) -> Response:
    """Returns the page itself."""
    return _file(request, OWN / "docs.html", b"text/html; charset=utf-8")


def docs_asset(request: Request, name: str) -> Response:
    """Returns a file that the page loads; raises NotFound for any other."""
    asset = ASSETS.get(name)
    if asset is None:
        raise NotFound(f"No file `{shown(name)}`.")
    return _file(request, asset.folder / name, asset.media_type)


def _file(request: Request, path: Path, media_type: bytes) -> Response:
    response = tagged(request, path.read_bytes())
    response.media_type = media_type
    response.headers = (*response.headers, POLICY)
    return response
