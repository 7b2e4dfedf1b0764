"""Tokens are random, told apart by their beginning, and stored as a hash alone."""

from fieldstone.identity.credential import Credential, credential_of
from fieldstone.identity.tokens import hash_token, new_key, new_session_token, shown_prefix


def test_no_two_tokens_are_the_same() -> None:
    assert len({new_session_token() for _ in range(1000)} | {new_key() for _ in range(1000)}) == 2000


def test_a_token_carries_256_random_bits() -> None:
    assert len(new_session_token()) == 43
    assert len(new_key()) == 47


def test_the_stored_form_is_sha_256_in_hexadecimal() -> None:
    assert hash_token("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_a_key_is_known_by_its_beginning_and_shows_no_more() -> None:
    key = new_key()
    assert shown_prefix(key) == key[:10]
    assert credential_of(key) == Credential("key", key)


def test_whatever_does_not_begin_as_a_key_is_a_session_token() -> None:
    assert credential_of("OSK_x") == Credential("session", "OSK_x")
    assert credential_of("") == Credential("session", "")
