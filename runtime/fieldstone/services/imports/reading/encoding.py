"""The encoding of a text: declared, told by its first bytes, UTF-8, or the likeliest of the older ones.

Refuses bytes that the declared encoding does not have, what is no text at all, and a NUL, which is no character of any table.
"""

import codecs
import re
import unicodedata
from collections.abc import Iterator, Mapping

import msgspec

from fieldstone.errors import Invalid
from fieldstone.late import late
from fieldstone.query.names import did_you_mean, shown
from fieldstone.services.imports.reading.bounds import unreadable_file

_MAC_AND_DOS = ("mac-roman", "cp437", "cp850", "cp866", "koi8-r")
_ISO = ("iso-8859-1", "iso-8859-2", "iso-8859-9", "iso-8859-15")
_UNICODE = ("utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32")
_WINDOWS = ("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257")
_EAST_ASIAN = ("shift_jis", "gb18030", "big5", "euc_jp", "euc_kr")
ENCODINGS = (*_UNICODE, *_WINDOWS, *_ISO, *_MAC_AND_DOS, *_EAST_ASIAN)
"""What may be declared."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_OLDER = ("cp1252", "cp1250", "cp1251", "cp1254", "cp1253", "shift_jis", "gb18030", "big5", "euc_kr")
"""What is looked for in bytes that are not UTF-8; of equally likely ones, the first."""

_matches = late("charset_normalizer:from_bytes")
_BY_LETTER = re.compile(r"[A-Za-z]([^\x00-\x7f])|([^\x00-\x7f])[A-Za-z]")
_IN_WORDS = "’‘“”«»–—…·"
_SAMPLE = 32 * 1024


class DecodedText(msgspec.Struct, frozen=True):
    """A text, the encoding that it was read by, and others that would have been as likely and make other texts of it.

    What came as a text was not read by any.
    """

    text: str
    encoding: str | None
    others: tuple[str, ...] = ()


def decode_text(content: bytes | str, declared: str | None, path: str) -> DecodedText:
    """Returns the text of a file; `path` names where it was sent. Raises Invalid."""
    decoded = _decode(content, declared, path)
    at = decoded.text.find("\0")
    if at >= 0:
        line = decoded.text.count("\n", 0, at) + 1
        raise unreadable_file(f"There is a NUL in line {line}: this is no text, or it was cut.", path)
    return decoded


def _decode(content: bytes | str, declared: str | None, path: str) -> DecodedText:
    if isinstance(content, str):
        return DecodedText(content.removeprefix("\ufeff"), None)
    if declared is not None:
        return _as_declared(content, declared, path)
    marked = next((name for mark, name in _MARKS if content.startswith(mark)), None)
    if marked is not None:
        return _as_declared(content, marked, path)
    try:
        return _wide(content) or DecodedText(content.decode("utf-8"), "utf-8")
    except UnicodeDecodeError:
        return _older(content, path)


def _as_declared(content: bytes, declared: str, path: str) -> DecodedText:
    name = _known(declared)
    if name is None:
        hint = did_you_mean(declared, ENCODINGS) or f"There are {', '.join(ENCODINGS)}."
        raise Invalid(f"No encoding `{shown(declared)}`.", reason="INVALID_IMPORT", path="encoding", hint=hint)
    try:
        return DecodedText(content.decode(name).removeprefix("\ufeff"), name)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        message = f"The file is not {name}: byte {content[error.start]:#04x} in line {line}."
        raise unreadable_file(message, path, "Declare its `encoding`, or save it as UTF-8.") from None


def _known(declared: str) -> str | None:
    """Returns the name of an encoding by any name that it goes by; None for one that is not taken."""
    try:
        meant = codecs.lookup(declared)
    except (LookupError, ValueError):
        return None
    return next((name for name in ENCODINGS if codecs.lookup(name).name == meant.name), None)


def _wide(content: bytes) -> DecodedText | None:
    """Returns UTF-16 without a mark, which is told by its NULs: every other byte of what is mostly Latin."""
    head = content[:_SAMPLE]
    first, second = head[::2].count(0), head[1::2].count(0)
    if len(content) % 2 or max(first, second) * 5 < len(head) or min(first, second) * 10 > max(first, second):
        return None
    name = "utf-16-le" if second > first else "utf-16-be"
    try:
        return DecodedText(content.decode(name), name)
    except UnicodeDecodeError:
        return None


def _older(content: bytes, path: str) -> DecodedText:
    """Returns the text by the likeliest older encoding that has all of its bytes."""
    telling = _telling(content)
    matches = _matches(telling, cp_isolation=list(_OLDER))
    chaos = {name: match.chaos for match in matches for name in match.could_be_from_charset if name in _OLDER}
    likely = {name: (_oddities(telling, name), messy) for name, messy in chaos.items()}
    order = sorted(likely, key=lambda name: (likely[name], _OLDER.index(name)))
    for name in order:
        try:
            text = content.decode(name)
        except UnicodeDecodeError:
            continue
        return DecodedText(text, name, tuple(_as_likely(content, text, name, likely)))
    hint = "Declare its `encoding`, or save it as UTF-8."
    raise unreadable_file("The encoding of the file cannot be told.", path, hint)


def _oddities(content: bytes, name: str) -> int:
    """Returns how many signs stand within words to which they do not belong, when bytes are read by an encoding."""
    beside = (after or before for after, before in _BY_LETTER.findall(content.decode(name, "replace")))
    return sum(sign not in _IN_WORDS and not unicodedata.name(sign, "").startswith("LATIN ") for sign in beside)


def _telling(content: bytes) -> bytes:
    """Returns the lines that have more than ASCII in them, up to a bound."""
    lines: list[bytes] = []
    size = 0
    for line in content.splitlines():
        if not line.isascii():
            lines.append(line[:_SAMPLE])
            size += len(line)
            if size > _SAMPLE:
                break
    return b"\n".join(lines)


def _as_likely(content: bytes, text: str, chosen: str, likely: Mapping[str, tuple[int, float]]) -> Iterator[str]:
    for name in _OLDER:
        if name != chosen and likely.get(name) == likely[chosen] and content.decode(name, "replace") != text:
            yield name
