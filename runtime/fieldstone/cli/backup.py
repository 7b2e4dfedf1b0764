"""`fieldstone backup`: an app's databases into one file, while it is served."""

import asyncio
import os
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from fieldstone.app_catalog import load_catalog
from fieldstone.cli.deployment import origin_of, print_manifest, tell_secrets
from fieldstone.clock import system_clock
from fieldstone.errors import SettingsError
from fieldstone.services.backup.taking import take_backup
from fieldstone.settings import read_settings


def backup(app: Path, /, *, out: Annotated[Path, Parameter(name="--out")]) -> None:
    """Write an app's databases into one file, as they are at one moment; servers go on meanwhile.

    The secret is not in it, nor are the declarations, nor mails that development wrote to files.

    Parameters
    ----------
    app
        The app's folder, with its `app.yaml`.
    out
        The file to write, which must not be there yet.
    """
    settings, catalog = read_settings(os.environ), load_catalog(app)
    told = tell_secrets(app, settings)
    if not told:
        raise SettingsError("The app has no secret yet, so there is nothing to back up.", hint="Serve the app first.")
    manifest = asyncio.run(take_backup(origin_of(app, catalog, settings), told[0], out, system_clock))
    print_manifest(f"Wrote {out}: everything that was acknowledged before {manifest.made_at}.", manifest)
