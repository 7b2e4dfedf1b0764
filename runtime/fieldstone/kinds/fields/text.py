"""Field types that hold text: plain, multi-line, and text of a certain form."""

import re
from collections.abc import Callable
from typing import Annotated, Any

import msgspec

from fieldstone.kinds.fields.field_type import FieldOptions, FieldType, Reader, Rejected, subject
from fieldstone.kinds.fields.masking import MaskingRule, MaskName
from fieldstone.query.cel.fault import Failure
from fieldstone.query.cel.pattern import Pattern, compile_pattern
from fieldstone.query.cel.types import STRING, optional
from fieldstone.query.names import shown
from fieldstone.query.storage import Storage, StorageClass
from fieldstone.query.values import is_clean

Length = Annotated[int, msgspec.Meta(ge=0, le=10_000_000)]
TEXT = Storage(StorageClass.TEXT)

_EMAIL = re.compile(r"[^\s@\"(),:;<>\[\\\]]+@[^\s@.\"(),:;<>\[\\\]]+(\.[^\s@.\"(),:;<>\[\\\]]+)+")
_URL = re.compile(r"https?://[^\s/?#@\\]+([/?#]\S*)?", re.IGNORECASE)
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)


class TextOptions(FieldOptions, frozen=True, kw_only=True, tag="text"):
    """Text of one line; lengths count characters, `pattern` must be found somewhere in the value."""

    min_length: Length | None = None
    """The fewest characters."""
    max_length: Length | None = None
    """The most characters."""
    pattern: str | None = None
    """A regular expression that must be found in the value; one that could run for ever is refused."""
    masking_rule: MaskName | MaskingRule | None = None
    """Shows the value in part to whoever may read and not change it; he can neither filter, sort, group nor search by it."""


class TextareaOptions(TextOptions, frozen=True, kw_only=True, tag="textarea"):
    """Text of many lines."""


class MarkdownOptions(TextOptions, frozen=True, kw_only=True, tag="markdown"):
    """Text of many lines, in Markdown."""


class EmailOptions(TextOptions, frozen=True, kw_only=True, tag="email"):
    """An e-mail address, kept in lower case."""


class UrlOptions(TextOptions, frozen=True, kw_only=True, tag="url"):
    """An absolute http or https address."""


class PhoneOptions(TextOptions, frozen=True, kw_only=True, tag="phone"):
    """A telephone number in the form of E.164, such as `+4930123456`."""


def read_text(declaration: FieldOptions, value: Any) -> str:
    """Returns a storable text as it is; raises Rejected for another type, and for `''` where a value is required."""
    if type(value) is not str:
        raise Rejected("invalid_type", f"{subject(declaration)} is a text")
    if not value and declaration.required:
        raise Rejected("required", f"{subject(declaration)} is required")
    if not is_clean(value):
        raise Rejected("invalid_value", f"{subject(declaration)} holds a character that cannot be stored")
    return value


def check_length(declaration: FieldOptions, value: str, least: int | None, most: int | None) -> None:
    """Raises Rejected for a text that is too short or too long."""
    length = len(value)
    if most is not None and length > most:
        message = f"{subject(declaration)} takes at most {_characters(most)}, this has {length}"
        raise Rejected("max_length", message, most)
    if least is not None and length < least:
        message = f"{subject(declaration)} takes at least {_characters(least)}, this has {length}"
        raise Rejected("min_length", message, least)


def check_lengths(declaration: Any) -> list[tuple[str, str]]:
    """Returns what is wrong with the length options of a declaration."""
    least, most = declaration.min_length, declaration.max_length
    if least is not None and most is not None and least > most:
        return [("minLength", f"minLength ({least}) is above maxLength ({most})")]
    return []


def _characters(count: int) -> str:
    return f"{count} character{'s' if count != 1 else ''}"


def as_it_is(_declaration: TextOptions, value: str) -> str:
    """Returns a text without a form of its own."""
    return value


def _email(declaration: TextOptions, value: str) -> str:
    if len(value) > 254 or not _EMAIL.fullmatch(value):
        raise Rejected("invalid_email", f"{subject(declaration)} is an e-mail address such as `ann@example.org`")
    return value.lower()


def _url(declaration: TextOptions, value: str) -> str:
    if not _URL.fullmatch(value):
        raise Rejected("invalid_url", f"{subject(declaration)} is an address that begins with `https://` or `http://`")
    return value


def _phone(declaration: TextOptions, value: str) -> str:
    if not _PHONE.fullmatch(value):
        message = f"{subject(declaration)} is a telephone number such as `+4930123456`: a plus, then 7 to 15 digits"
        raise Rejected("invalid_phone", message)
    return value


def _reader(form: Callable[[TextOptions, str], str]) -> Callable[[TextOptions], Reader]:
    def reader(declaration: TextOptions) -> Reader:
        least, most = declaration.min_length, declaration.max_length
        pattern = None if declaration.pattern is None else compile_pattern(declaration.pattern)

        def read(value: Any) -> str:
            text = read_text(declaration, value)
            check_length(declaration, text, least, most)
            if not text:
                return text
            text = form(declaration, text)
            if not text and declaration.required:
                raise Rejected("required", f"{subject(declaration)} is required")
            if pattern is not None and not _found(declaration, pattern, text):
                message = f"{subject(declaration)} does not have the form `{declaration.pattern}`"
                raise Rejected("invalid_format", message, declaration.pattern)
            return text

        return read

    return reader


def _found(declaration: TextOptions, pattern: Pattern, text: str) -> bool:
    try:
        return pattern.found_in(text)
    except Failure as failure:
        raise Rejected("invalid_format", f"{subject(declaration)} cannot be checked: {failure.message}") from failure


def _schema(schema_format: str | None) -> Callable[[TextOptions], dict[str, Any]]:
    def schema(declaration: TextOptions) -> dict[str, Any]:
        known = {
            "type": "string",
            "format": schema_format,
            "minLength": declaration.min_length,
            "maxLength": declaration.max_length,
            "pattern": declaration.pattern,
        }
        return {key: value for key, value in known.items() if value is not None}

    return schema


def _check(declaration: TextOptions) -> list[tuple[str, str]]:
    faults = check_lengths(declaration)
    if declaration.pattern is not None:
        try:
            compile_pattern(declaration.pattern)
        except Failure as failure:
            faults.append(("pattern", f"`{shown(declaration.pattern)}` cannot be used: {failure.message}"))
    return faults


def text_type(
    name: str,
    declaration: type[TextOptions],
    summary: str,
    form: Callable[[TextOptions, str], str] = as_it_is,
    schema_format: str | None = None,
) -> FieldType:
    """Returns a type of text; `form` brings a value that is not empty to its one form, or raises Rejected."""
    return FieldType(
        name=name,
        declaration=declaration,
        summary=summary,
        storage=lambda _declaration: TEXT,
        comparison="text",
        reader=_reader(form),
        schema=_schema(schema_format),
        expression_type=lambda _declaration: optional(STRING),
        check=_check,
    )


TYPES = (
    text_type("text", TextOptions, "Text of one line"),
    text_type("textarea", TextareaOptions, "Text of many lines"),
    text_type("markdown", MarkdownOptions, "Text of many lines, in Markdown"),
    text_type("email", EmailOptions, "An e-mail address, kept in lower case", _email, "email"),
    text_type("url", UrlOptions, "An absolute http or https address", _url, "uri"),
    text_type("phone", PhoneOptions, "A telephone number in the form of E.164", _phone),
)
