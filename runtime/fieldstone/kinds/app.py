"""Kind `app`: a deployment, the file `app.yaml` of its folder."""

from typing import Annotated, Literal

import msgspec

from fieldstone.kinds.declaration import Declared
from fieldstone.kinds.object import Name


class Database(Declared, frozen=True, kw_only=True):
    """Where the data is: `sqlite:///file` (relative to the app's folder) or `postgresql://...`; the environment wins."""

    url: str = "sqlite:///data/app.db"
    """The address; `FIELDSTONE_DATABASE_URL` goes before it."""
    synchronous: Literal["full", "normal"] = "full"
    """SQLite only: `full` survives a power cut, `normal` may lose the last commits in one."""


class Auth(Declared, frozen=True, kw_only=True):
    """Who may come in: `signUp` lets strangers make an account in the default organisation."""

    sign_up: bool = False
    """Strangers may make an account; it holds `everyone` and no business object."""
    session_days: Annotated[int, msgspec.Meta(ge=1, le=365)] = 7
    """How long a sign-in holds."""


class Surfaces(Declared, frozen=True, kw_only=True):
    """Which declared apis are mounted, by name."""

    apis: tuple[str, ...] = ("v1",)
    """The names of declarations of kind `api`."""


class AppDeclaration(Declared, frozen=True, kw_only=True):
    """A deployment: which packages, which database, who may sign in, which surfaces."""

    name: Name
    """The app's name."""
    label: str | None = None
    """What people call it; discovery shows it."""
    organization: str | None = None
    """The name of the organisation that the first start makes; the label unless given."""
    packages: tuple[str, ...]
    """Names of packages under `packages/` of the checkout or the working directory, or paths relative to this file."""
    database: Database = Database()
    """Where the data is."""
    auth: Auth = Auth()
    """Who may come in."""
    surfaces: Surfaces = Surfaces()
    """What is served."""
