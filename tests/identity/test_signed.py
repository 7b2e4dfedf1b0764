"""Signed values open as they were signed, and what was signed for another use, by nobody or for another type is nothing."""

import msgspec
import pytest

from fieldstone.identity.signed import Signer
from fieldstone.keyring import Keyring


class Ticket(msgspec.Struct, frozen=True):
    """A payload."""

    user_id: str
    until: str


TICKET = Ticket("ann", "2026-03-01T08:00:00.000Z")
OLD, NEW = Keyring("the first secret"), Keyring("the second secret", "the first secret")


def signer(keyring: Keyring = OLD) -> Signer[Ticket]:
    return Signer(keyring.keys("second factor"), Ticket)


def test_a_payload_comes_back_as_it_was_signed() -> None:
    assert signer().open(signer().sign(TICKET)) == TICKET


def test_a_new_secret_opens_what_the_old_one_signed_and_signs_by_itself() -> None:
    assert signer(NEW).open(signer(OLD).sign(TICKET)) == TICKET
    assert signer(OLD).open(signer(NEW).sign(TICKET)) is None
    assert signer(Keyring("the second secret")).open(signer(OLD).sign(TICKET)) is None


def test_what_was_signed_for_one_use_is_nothing_to_another() -> None:
    other = Signer(OLD.keys("trusted devices"), Ticket)
    assert other.open(signer().sign(TICKET)) is None
    assert Signer(OLD.keys("cursors"), Ticket).open(signer().sign(TICKET)) is None


class Other(msgspec.Struct, frozen=True):
    """Another payload."""

    name: str


def changed(text: str) -> list[str]:
    content, _, signature = text.partition(".")
    swapped = signer().sign(Ticket("tom", TICKET.until)).partition(".")[0]
    return [f"{swapped}.{signature}", f"{content}.", content, f"{content}.{signature[:-2]}", f"A{text}", f"{text}x"]


@pytest.mark.parametrize("text", ["", ".", "é.é", "\ud800", "." * 5000, *changed(signer().sign(TICKET))])
def test_what_nobody_has_signed_is_nothing(text: str) -> None:
    assert signer().open(text) is None


def test_a_payload_of_another_type_is_nothing() -> None:
    keys = OLD.keys("second factor")
    assert signer().open(Signer(keys, Other).sign(Other("x"))) is None
