"""Kind `app`: a deployment, the file `app.yaml` of its folder."""

from typing import Annotated, Literal

import msgspec

from fieldstone.kinds.declaration import Declared
from fieldstone.kinds.object import Name


class Database(Declared, frozen=True, kw_only=True):
    """Where the data is: `sqlite:///file` (relative to the app's folder) or `postgresql://...`; the environment wins."""

    url: str = "sqlite:///data/app.db"
    synchronous: Literal["full", "normal"] = "full"


class Auth(Declared, frozen=True, kw_only=True):
    """Who may come in: `signUp` lets strangers make an account in the default organisation."""

    sign_up: bool = False
    session_days: Annotated[int, msgspec.Meta(ge=1, le=365)] = 7


class Surfaces(Declared, frozen=True, kw_only=True):
    """Which declared apis are mounted, by name."""

    apis: tuple[str, ...] = ("v1",)


class AppDeclaration(Declared, frozen=True, kw_only=True):
    """A deployment: which packages, which database, who may sign in, which surfaces."""

    name: Name
    label: str | None = None
    organization: str | None = None
    packages: tuple[str, ...]
    database: Database = Database()
    auth: Auth = Auth()
    surfaces: Surfaces = Surfaces()
