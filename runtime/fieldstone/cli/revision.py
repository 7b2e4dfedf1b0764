"""An app as it was at a revision of git: the whole checkout of then, in a folder that is thrown away."""

import io
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from fieldstone.errors import SettingsError


@contextmanager
def checked_out(folder: Path, revision: str) -> Iterator[Path]:
    """Yields the folder as it was at a revision, with everything around it; raises SettingsError."""
    home = folder.resolve()
    top = Path(_git(home, "rev-parse", "--show-toplevel").decode().strip())
    commit = (
        _git(top, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}").decode().strip()
    )
    with TemporaryDirectory() as place:
        with tarfile.open(fileobj=io.BytesIO(_git(top, "archive", "--format=tar", commit))) as archive:
            # The first releases of 3.11 know no filters; git lets no path of an archive lead out of it.
            archive.extraction_filter = getattr(tarfile, "data_filter", None)
            archive.extractall(place)
        then = Path(place) / home.relative_to(top)
        if not then.is_dir():
            raise SettingsError(f"There was no `{folder}` at `{revision}`.")
        yield then


def _git(folder: Path, *arguments: str) -> bytes:
    program = shutil.which("git")
    if program is None:
        raise SettingsError("`git` is not there.", hint="Install it, or name two folders.")
    ran = subprocess.run([program, "-C", str(folder), *arguments], capture_output=True, check=False)
    if ran.returncode:
        told = ran.stderr.decode(errors="replace").strip().splitlines()
        raise SettingsError(
            "git cannot tell that revision.", hint=told[0] if told else "Check the name of the revision."
        )
    return ran.stdout
