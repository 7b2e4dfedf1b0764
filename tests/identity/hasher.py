"""A hasher that says what it was asked to check."""

from typing import Any

from pwdlib.hashers.argon2 import Argon2Hasher


class CountingHasher(Argon2Hasher):
    """A hasher that keeps the hashes that it was asked to check, by their costs."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=1024, parallelism=1)
        self.checked: list[str] = []

    def verify(self, *given: Any, **named: Any) -> bool:
        """Checks a password and remembers what the check costs."""
        self.checked.append(str(given[1]).rpartition("$")[0].rpartition("$")[0])
        return super().verify(*given, **named)
