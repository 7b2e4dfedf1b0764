"""The garbage collector, and what stays: walked once more, then no more, until something else takes its place."""

import gc
from collections.abc import Iterator

import pytest

from fieldstone.garbage import settle


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    """Leaves the collector as it was."""
    callbacks = list(gc.callbacks)
    gc.unfreeze()
    yield
    gc.unfreeze()
    gc.callbacks[:] = callbacks


def test_what_a_full_collection_leaves_alive_is_walked_no_more() -> None:
    kept: list[object] = [[]]
    settle()
    gc.collect(1)
    assert gc.get_freeze_count() == 0
    gc.collect()
    frozen = gc.get_freeze_count()
    assert frozen > len(kept)
    gc.collect()
    assert gc.get_freeze_count() == frozen


def test_what_was_settled_is_walked_again_once_something_else_settles() -> None:
    settle()
    gc.collect()
    settle()
    settle()
    assert gc.get_freeze_count() == 0
    gc.collect()
    assert gc.get_freeze_count() > 0
