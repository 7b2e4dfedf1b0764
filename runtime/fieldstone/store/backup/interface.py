"""What a database offers that is copied as a whole and put back: a moment that is held while it is copied, and a swap."""

from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Protocol

from fieldstone.store.columns import DialectName


class Moment(Protocol):
    """A database as it was at one moment, whatever is written to it meanwhile."""

    async def save(self, path: Path) -> None:
        """Writes all of it into a file."""


class WholeDatabase(Protocol):
    """A database that is copied and put back as a whole; what cannot be done is a SettingsError."""

    kind: DialectName

    async def exists(self) -> bool:
        """Tells whether there is anything in it."""

    async def version(self) -> str:
        """Returns the version of what runs it."""

    def unwritten(self) -> AbstractAsyncContextManager[None]:
        """Lets no run of a flow be written while the block runs; who wants to waits."""

    def moment(self) -> AbstractAsyncContextManager[Moment]:
        """Holds this moment while the block runs; nobody waits for it."""

    async def require_unused(self) -> None:
        """Refuses a database that somebody has open."""

    @property
    def workplace(self) -> Path:
        """The folder for files that are about to be put back."""

    async def prepare(self, saved: Path | None) -> None:
        """Makes ready, beside what is there, what takes its place: what was saved, or nothing."""

    async def swap(self) -> None:
        """Puts what is ready in the place of what is there, at once."""

    async def abandon(self) -> None:
        """Removes what was made ready and did not take its place."""
