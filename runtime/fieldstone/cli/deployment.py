"""What the commands about an app's databases share: where these are, what tells the app's secret, and how a backup is told of."""

from pathlib import Path

from rich.console import Console

from fieldstone.app_catalog import OWN_FOLDER
from fieldstone.keyring import Keyring, found_secret
from fieldstone.registry.catalog import Catalog
from fieldstone.services.backup.archive import Manifest
from fieldstone.services.backup.taking import Origin
from fieldstone.settings import Settings
from fieldstone.store.backup.open import whole_database
from fieldstone.store.open import database_url
from fieldstone.store.side_file import engine_url


def origin_of(app: Path, catalog: Catalog, settings: Settings) -> Origin:
    """Returns the app's databases, each as a whole."""
    url = database_url(app, catalog.app, settings)
    flows = engine_url(url, settings.flows_database_url)
    own = None if flows == url else whole_database(flows)
    return Origin(catalog.app.name, catalog.version, whole_database(url), own)


def tell_secrets(app: Path, settings: Settings) -> list[str]:
    """Returns what tells the secrets that there are, the current one first; nothing where there is none."""
    secret = settings.secret or found_secret(app / OWN_FOLDER / "secret")
    return [] if secret is None else [key.hex() for key in Keyring(secret, settings.secret_old).keys("backups")]


def print_manifest(line: str, manifest: Manifest, catalog: str | None = None) -> None:
    """Prints what a backup is, and whether it is of other declarations than those of a catalog."""
    console = Console(highlight=False, soft_wrap=True, markup=False)
    console.print(line)
    for role, member in manifest.members.items():
        console.print(f"  {role}: {member.database} {member.version}, {member.bytes:,} bytes")
    if catalog is not None and manifest.catalog != catalog:
        console.print(
            "The declarations are not those of then: `fieldstone check` and `fieldstone migrate` tell what that means."
        )
