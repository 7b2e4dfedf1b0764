"""One-time codes: those of RFC 6238, taken for a little while, once; and backup codes, however they are typed."""

import base64
from urllib.parse import parse_qs, urlsplit

import pytest

from fieldstone.clock import later
from fieldstone.identity.backup_codes import COUNT, hash_code, new_codes, without
from fieldstone.identity.totp import code_at, enrolment_uri, matching_step, new_secret, step_of

SECRET = base64.b32encode(b"12345678901234567890").decode()
NOW = "2026-03-01T08:00:15.000Z"
STEP = step_of(NOW)


# RFC 6238, appendix B, for SHA-1: of its eight digits the last six.
@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
        (20000000000, "353130"),
    ],
)
def test_codes_are_those_of_the_standard(seconds: int, code: str) -> None:
    assert code_at(SECRET, seconds // 30) == code


@pytest.mark.parametrize(("away", "taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_code_is_taken_within_a_step_of_now(away: int, taken: bool) -> None:
    assert matching_step(SECRET, code_at(SECRET, STEP + away), NOW, 0) == (STEP + away if taken else None)


@pytest.mark.parametrize(("away", "after", "taken"), [(0, 0, False), (0, -1, True), (-1, -1, False), (1, 0, True)])
def test_no_code_is_taken_of_a_step_up_to_which_codes_were_taken(away: int, after: int, taken: bool) -> None:
    found = matching_step(SECRET, code_at(SECRET, STEP + away), NOW, STEP + after)
    assert found == (STEP + away if taken else None)


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "é", "\ud7ff", "1" * 10_000])
def test_what_is_no_code_is_not_taken(code: str) -> None:
    assert matching_step(SECRET, code, NOW, 0) is None


def test_a_code_may_be_typed_with_a_blank() -> None:
    code = code_at(SECRET, STEP)
    assert matching_step(SECRET, f"{code[:3]} {code[3:]}", NOW, 0) == STEP


def test_a_step_is_half_a_minute() -> None:
    assert step_of(later(NOW, 14.999)) == STEP
    assert step_of(later(NOW, 15)) == STEP + 1


def test_the_address_tells_an_authenticator_all_it_needs() -> None:
    secret = new_secret()
    uri = urlsplit(enrolment_uri(secret, "ann@example.org", "Small & Co.: the app"))
    assert (uri.scheme, uri.netloc, uri.path) == (
        "otpauth",
        "totp",
        "/Small%20%26%20Co.%3A%20the%20app:ann%40example.org",
    )
    told = {name: values[0] for name, values in parse_qs(uri.query).items()}
    assert told == {
        "secret": secret,
        "issuer": "Small & Co.: the app",
        "algorithm": "SHA1",
        "digits": "6",
        "period": "30",
    }
    assert "+" not in uri.query
    assert len(base64.b32decode(secret)) == 20


def test_no_two_secrets_or_backup_codes_are_the_same() -> None:
    assert len({new_secret() for _ in range(100)}) == 100
    codes = [code for _ in range(10) for code in new_codes()]
    assert len(set(codes)) == len(codes) == 10 * COUNT
    assert {len(code.replace("-", "")) for code in codes} == {16}


def test_a_backup_code_is_good_once_however_it_is_typed() -> None:
    codes = new_codes()
    hashes = [hash_code(code) for code in codes]
    assert not set(hashes) & set(codes)
    for typed in (codes[3], codes[3].upper(), codes[3].replace("-", ""), f" {codes[3].replace('-', ' ')} "):
        assert without(hashes, typed) == hashes[:3] + hashes[4:]
    assert without([], codes[3]) is None
    for typed in ("", "-", codes[3][:-1], hashes[3]):
        assert without(hashes, typed) is None


def test_an_instant_of_long_ago_has_a_step() -> None:
    assert step_of("1970-01-01T00:00:59.999Z") == 1
