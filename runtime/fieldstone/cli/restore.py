"""`fieldstone restore`: a backup in the place of an app's databases."""

import asyncio
import os
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from fieldstone.app_catalog import load_catalog
from fieldstone.cli.deployment import origin_of, print_manifest, tell_secrets
from fieldstone.services.backup.restoring import restore_backup
from fieldstone.settings import read_settings


def restore(
    app: Path,
    file: Path,
    /,
    *,
    replace: Annotated[bool, Parameter(negative="")] = False,
    without_secret: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Put a backup in the place of an app's databases; no server may run. What is interrupted leaves everything as it was.

    Parameters
    ----------
    app
        The app's folder, with its `app.yaml`.
    file
        The backup.
    replace
        Lose what is in the databases now.
    without_secret
        Restore though the secret is another one than then: what it has sealed stays shut.
    """
    settings, catalog = read_settings(os.environ), load_catalog(app)
    secrets = None if without_secret else tell_secrets(app, settings)
    origin = origin_of(app, catalog, settings)
    manifest = asyncio.run(restore_backup(file, origin, secrets, replace=replace))
    print_manifest(f"Restored {file}: everything is as it was at {manifest.made_at}.", manifest, origin.catalog)
