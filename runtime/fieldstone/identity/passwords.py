"""Passwords: hashed with argon2 in a thread, a few at once, and checked in the same time whether or not there is a user."""

import asyncio
from threading import Lock

from pwdlib.hashers import HasherProtocol
from pwdlib.hashers.argon2 import Argon2Hasher

AT_ONCE = 2
LONGEST = 1024


class Passwords:
    """Hashes and checks; `hash` is what the door runs on a field of type `password` before it opens a Unit."""

    def __init__(self, hasher: HasherProtocol | None = None) -> None:
        """Takes the hasher (argon2 with its recommended costs unless given)."""
        self._hasher = hasher or Argon2Hasher()
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._nobodys: str | None = None
        self._making = Lock()

    async def hash(self, password: str) -> str:
        """Returns the hash to store; it holds its own salt and costs."""
        async with self._turns:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def verify(self, password: str, stored: str | None) -> bool:
        """Tells whether a password fits a stored hash; without one it takes as long and is false.

        A password longer than any that may be set is not hashed at all: that says nothing about a user.
        """
        if len(password) > LONGEST:
            return False
        async with self._turns:
            fits = await asyncio.to_thread(self._verify, password, stored)
        return fits and stored is not None

    def _verify(self, password: str, stored: str | None) -> bool:
        """Verifies a hash, or that of nobody. Whoever comes first waits until that is made, whether there is a user or not."""
        with self._making:
            if self._nobodys is None:
                self._nobodys = self._hasher.hash("the password of nobody")
        return self._hasher.verify(password, stored or self._nobodys)
