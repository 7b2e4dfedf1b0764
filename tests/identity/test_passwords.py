"""Passwords are stored as argon2 hashes, and checking one takes its time whether or not there is a user."""

import asyncio
import threading
import time

import pytest
from pwdlib.hashers.argon2 import Argon2Hasher

from fieldstone.identity.passwords import AT_ONCE, LONGEST, Passwords


def quick() -> Argon2Hasher:
    return Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1)


async def test_a_hash_fits_its_password_alone() -> None:
    passwords = Passwords(quick())
    stored = await passwords.hash("correct horse")
    assert stored.startswith("$argon2id$")
    assert "correct" not in stored
    assert await passwords.verify("correct horse", stored)
    assert not await passwords.verify("correct horsE", stored)


async def test_the_same_password_is_never_hashed_the_same_way_twice() -> None:
    passwords = Passwords(quick())
    assert await passwords.hash("correct horse") != await passwords.hash("correct horse")


async def test_nobody_has_no_password_not_even_the_one_that_is_checked_in_his_place() -> None:
    assert not await Passwords(quick()).verify("the password of nobody", None)


async def test_an_endless_password_is_refused_without_being_hashed(counting: "Counting") -> None:
    passwords = Passwords(quick())
    assert not await passwords.verify("x" * (LONGEST + 1), None)
    assert counting.verified == 0
    assert not await passwords.verify("x" * LONGEST, None)
    assert counting.verified == 1


async def test_an_unknown_user_takes_as_long_as_a_wrong_password() -> None:
    passwords = Passwords(Argon2Hasher(time_cost=2, memory_cost=16_384, parallelism=1))
    stored = await passwords.hash("correct horse")

    quickest = {None: 60.0, stored: 60.0}
    for _ in range(25):
        for known, before in quickest.items():
            began = time.perf_counter()
            await passwords.verify("wrong horse", known)
            quickest[known] = min(before, time.perf_counter() - began)
    assert max(quickest.values()) < 3 * min(quickest.values())


async def test_only_a_few_are_hashed_at_once_and_never_on_the_loop(counting: "Counting") -> None:
    passwords = Passwords(quick())
    await asyncio.gather(*(passwords.verify("x", None) for _ in range(AT_ONCE * 4)))
    assert counting.most_at_once == AT_ONCE
    assert threading.get_ident() not in counting.threads


class Counting:
    """Stands in for the check of a hash: takes a while, and remembers how often, how many at once and where."""

    def __init__(self) -> None:
        self.verified = 0
        self.most_at_once = 0
        self.threads: set[int] = set()
        self._now = 0
        self._lock = threading.Lock()

    def verify(self, _password: str, _stored: str) -> bool:
        with self._lock:
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
        time.sleep(0.02)
        with self._lock:
            self._now -= 1
            self.verified += 1
            self.threads.add(threading.get_ident())
        return False


@pytest.fixture
def counting(monkeypatch: pytest.MonkeyPatch) -> Counting:
    counting = Counting()
    monkeypatch.setattr(Argon2Hasher, "verify", counting.verify)
    return counting
