"""The keyring gives each use keys of its own, and keeps those of the secret before."""

from typing import get_args

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from fieldstone.keyring import Keyring, Use

USES: tuple[Use, ...] = get_args(Use)


def test_no_two_uses_have_a_key_in_common_and_none_has_the_secret() -> None:
    keyring = Keyring("a secret of 32 characters, or so", "the one before")
    keys = [key for use in USES for key in keyring.keys(use)]
    assert len(set(keys)) == len(keys) == 2 * len(USES)
    assert all(b"secret" not in key for key in keys)


def test_the_current_key_comes_first_and_the_one_before_is_what_it_was() -> None:
    before, after = Keyring("first"), Keyring("second", "first")
    for use in USES:
        assert after.keys(use) == (*Keyring("second").keys(use), *before.keys(use))


def test_a_key_is_that_of_rfc_5869_with_the_use_as_its_info() -> None:
    expected = HKDF(algorithm=SHA256(), length=40, salt=None, info=b"fieldstone cursors").derive(b"first")
    assert Keyring("first").keys("cursors", 40) == (expected,)
