"""Field types that hold text for machines or with marks: HTML, editor documents, code, colours, signatures, QR codes."""

import re
from collections.abc import Callable
from typing import Annotated, Any, Literal

import msgspec
import nh3

from fieldstone.kinds.fields.field_type import FieldOptions, FieldType, Reader, Rejected, subject
from fieldstone.kinds.fields.json import json_fault
from fieldstone.kinds.fields.text import TextOptions, read_text, text_type
from fieldstone.query.cel.types import DYN
from fieldstone.query.storage import Storage, StorageClass

ColorFormat = Literal["hex", "rgb", "rgba", "hsl"]

_BYTE = r"(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_SHARE = r"(100|[1-9]?[0-9])%"
_COLORS: dict[ColorFormat, re.Pattern[str]] = {
    "hex": re.compile(r"#([0-9a-f]{3}|[0-9a-f]{6}|[0-9a-f]{8})"),
    "rgb": re.compile(rf"rgb\({_BYTE}, ?{_BYTE}, ?{_BYTE}\)"),
    "rgba": re.compile(rf"rgba\({_BYTE}, ?{_BYTE}, ?{_BYTE}, ?(0|1|0?\.[0-9]{{1,4}})\)"),
    "hsl": re.compile(rf"hsl\((360|3[0-5][0-9]|[12][0-9]{{2}}|[1-9]?[0-9]), ?{_SHARE}, ?{_SHARE}\)"),
}
_EXAMPLES: dict[ColorFormat, str] = {
    "hex": "#1a2b3c",
    "rgb": "rgb(26, 43, 60)",
    "rgba": "rgba(26, 43, 60, 0.5)",
    "hsl": "hsl(210, 40%, 17%)",
}
_IMAGE = re.compile(r"data:image/(png|jpeg|webp);base64,[A-Za-z0-9+/]+={0,2}", re.ASCII)


class HtmlOptions(TextOptions, frozen=True, kw_only=True, tag="html"):
    """HTML; scripts, event attributes and all else that a page should not take from others are cut out when it is written."""


class RichtextOptions(FieldOptions, frozen=True, kw_only=True, tag="richtext"):
    """The document of an editor: a JSON object, or HTML, which is cleaned as that of `html` is."""


class CodeOptions(TextOptions, frozen=True, kw_only=True, tag="code"):
    """Text of a program, kept as it is."""

    language: Annotated[str, msgspec.Meta(min_length=1, max_length=63)] | None = None
    """What it is written in; told by `/meta`."""


class ColorOptions(FieldOptions, frozen=True, kw_only=True, tag="color"):
    """A colour, kept in lower case."""

    color_format: ColorFormat = "hex"
    """How it is spelled."""


class SignatureOptions(FieldOptions, frozen=True, kw_only=True, tag="signature"):
    """A drawn signature: an image as a `data:` address (PNG, JPEG or WebP)."""

    max_length: Annotated[int, msgspec.Meta(ge=100, le=1_000_000)] = 200_000
    """The most characters of the address."""


class QrcodeOptions(TextOptions, frozen=True, kw_only=True, tag="qrcode"):
    """Text that is shown as a QR code; one holds at most 2953 bytes."""

    max_length: Annotated[int, msgspec.Meta(ge=1, le=2953)] = 2953
    """The most characters."""


def clean_html(text: str) -> str:
    """Returns HTML without what could harm the page that shows it."""
    return nh3.clean(text)


def _html(_declaration: TextOptions, value: str) -> str:
    return clean_html(value)


def _qrcode(declaration: TextOptions, value: str) -> str:
    if len(value.encode()) > 2953:
        raise Rejected("max_length", f"{subject(declaration)} holds more than 2953 bytes, too many for a QR code", 2953)
    return value


def _read_document(declaration: FieldOptions) -> Reader:
    def read(value: Any) -> Any:
        if type(value) is str:
            text = clean_html(read_text(declaration, value))
            if not text and declaration.required:
                raise Rejected("required", f"{subject(declaration)} is required")
            return text
        if type(value) is not dict:
            raise Rejected("invalid_type", f"{subject(declaration)} is the object of an editor, or a text with HTML")
        if fault := json_fault(value):
            raise Rejected("invalid_json", f"{subject(declaration)} holds {fault}")
        return value

    return read


def _read_color(declaration: ColorOptions) -> Reader:
    form, example = _COLORS[declaration.color_format], _EXAMPLES[declaration.color_format]

    def read(value: Any) -> str:
        text = read_text(declaration, value).lower()
        if not form.fullmatch(text):
            raise Rejected("invalid_format", f"{subject(declaration)} is a colour such as `{example}`")
        return text

    return read


def _read_signature(declaration: SignatureOptions) -> Reader:
    def read(value: Any) -> str:
        text = read_text(declaration, value)
        if len(text) > declaration.max_length:
            message = f"{subject(declaration)} takes at most {declaration.max_length} characters"
            raise Rejected("max_length", message, declaration.max_length)
        if not _IMAGE.fullmatch(text):
            raise Rejected("invalid_format", f"{subject(declaration)} is an image such as `data:image/png;base64,...`")
        return text

    return read


def _special(
    declaration: type[FieldOptions],
    summary: str,
    reader: Callable[[Any], Reader],
    schema: Callable[[Any], dict[str, Any]],
) -> FieldType:
    """Returns a type that is text in the database and has a reader of its own."""
    plain = text_type("text", TextOptions, summary)
    return msgspec.structs.replace(
        plain,
        name=str(declaration.__struct_config__.tag),
        declaration=declaration,
        reader=reader,
        schema=schema,
        check=lambda _declaration: [],
    )


TYPES = (
    text_type("html", HtmlOptions, "HTML, cleaned when it is written", _html),
    FieldType(
        name="richtext",
        declaration=RichtextOptions,
        summary="The document of an editor",
        storage=lambda _declaration: Storage(StorageClass.JSON),
        comparison="json",
        reader=_read_document,
        schema=lambda _declaration: {"anyOf": [{"type": "string"}, {"type": "object"}]},
        expression_type=lambda _declaration: DYN,
    ),
    text_type("code", CodeOptions, "Text of a program"),
    _special(
        ColorOptions,
        "A colour",
        _read_color,
        lambda declaration: {"type": "string", "example": _EXAMPLES[declaration.color_format]},
    ),
    _special(
        SignatureOptions,
        "A drawn signature",
        _read_signature,
        lambda declaration: {"type": "string", "format": "uri", "maxLength": declaration.max_length},
    ),
    text_type("qrcode", QrcodeOptions, "Text that is shown as a QR code", _qrcode),
)
