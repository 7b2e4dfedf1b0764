"""Field types as data: for each, what it takes and as what, what it refuses and with which words, and its shape."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from fieldstone.errors import FieldFault, Invalid
from fieldstone.kinds.fields.field_type import FieldOptions, FieldType, Rejected
from fieldstone.kinds.fields.table import FIELD_TYPES, AnyField
from fieldstone.query.operators import FAMILIES
from fieldstone.query.storage import Storage, StorageClass

OPTIONS = [{"value": "new", "label": "New", "color": "#00f"}, {"value": "done"}]
MANY = {"type": "multiselect", "options": OPTIONS}
ONE = {"type": "select", "options": OPTIONS}
MAXIMUM, MINIMUM = 2**63 - 1, -(2**63)


def declared(options: Any) -> tuple[FieldType, FieldOptions]:
    declaration: FieldOptions = msgspec.convert({"label": "Subject", **options}, AnyField)
    return FIELD_TYPES[str(declaration.__struct_config__.tag)], declaration


def read(options: Any, value: Any) -> Any:
    kind, declaration = declared(options)
    return kind.reader(declaration)(value)


def rejected(options: Any, value: Any) -> tuple[str, str, Any]:
    with pytest.raises(Rejected) as caught:
        read(options, value)
    return caught.value.code, caught.value.message, caught.value.constraint


@pytest.mark.parametrize(
    ("options", "sent", "kept"),
    [
        ({"type": "text"}, "", ""),
        ({"type": "text"}, "  Straße 😀\n", "  Straße 😀\n"),
        ({"type": "text", "maxLength": 2}, "😀😀", "😀😀"),
        ({"type": "text", "pattern": "^[a-z]+$"}, "abc", "abc"),
        ({"type": "textarea", "minLength": 1}, "a\r\nb", "a\r\nb"),
        ({"type": "markdown"}, "# A", "# A"),
        ({"type": "email"}, "Ann.O'Neil+x@Mail.Example.ORG", "ann.o'neil+x@mail.example.org"),
        ({"type": "email"}, "", ""),
        ({"type": "url"}, "https://example.org", "https://example.org"),
        ({"type": "url"}, "HTTP://example.org:80/a?b=c#d", "HTTP://example.org:80/a?b=c#d"),
        ({"type": "phone"}, "+4930123456", "+4930123456"),
        ({"type": "number"}, 3, Decimal("3.000000")),
        ({"type": "number"}, Decimal("-0.000001"), Decimal("-0.000001")),
        ({"type": "number"}, Decimal("1.50000000"), Decimal("1.500000")),
        ({"type": "number"}, 0.1, Decimal("0.100000")),
        ({"type": "number"}, Decimal("-0"), Decimal("0.000000")),
        ({"type": "number"}, Decimal("0E+1000"), Decimal("0.000000")),
        ({"type": "number"}, Decimal("1E+2"), Decimal("100.000000")),
        ({"type": "number", "scale": 0}, MAXIMUM, MAXIMUM),
        ({"type": "number", "scale": 0}, MINIMUM, MINIMUM),
        ({"type": "number", "scale": 0}, Decimal("5.0"), 5),
        ({"type": "number", "scale": 2, "precision": 4, "min": -1.5, "max": 99.99}, Decimal("99.99"), Decimal("99.99")),
        ({"type": "number", "min": -1.5}, Decimal("-1.5"), Decimal("-1.500000")),
        ({"type": "currency"}, Decimal("9999999999999999.99"), Decimal("9999999999999999.99")),
        ({"type": "currency"}, 10, Decimal("10.00")),
        ({"type": "currency", "scale": 0}, 10, 10),
        ({"type": "percent"}, Decimal("12.5"), Decimal("12.500000")),
        ({"type": "boolean"}, True, True),
        ({"type": "toggle"}, False, False),
        ({"type": "date"}, "0001-01-01", "0001-01-01"),
        ({"type": "date"}, "9999-12-31", "9999-12-31"),
        ({"type": "date"}, "2024-02-29", "2024-02-29"),
        ({"type": "datetime"}, "2026-03-05T14:30Z", "2026-03-05T14:30:00.000Z"),
        ({"type": "datetime"}, "2026-03-05T14:30:00.9999Z", "2026-03-05T14:30:00.999Z"),
        ({"type": "datetime"}, "2026-03-05T14:30:00.123456789123Z", "2026-03-05T14:30:00.123Z"),
        ({"type": "datetime"}, "2026-03-05T00:30:00+01:30", "2026-03-04T23:00:00.000Z"),
        ({"type": "datetime"}, "2026-03-05T00:30:00.5-00:00", "2026-03-05T00:30:00.500Z"),
        ({"type": "datetime"}, "0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"),
        ({"type": "datetime"}, "9999-12-31T23:59:59.9999Z", "9999-12-31T23:59:59.999Z"),
        ({"type": "time"}, "14:30", "14:30:00.000"),
        ({"type": "time"}, "23:59:59.9999", "23:59:59.999"),
        (ONE, "new", "new"),
        ({"type": "radio", "options": OPTIONS}, "done", "done"),
        (MANY, [], []),
        (MANY, ["done", "new"], ["done", "new"]),
        ({"type": "lookup", "reference": "customer"}, "01J0000000000000000000000A", "01J0000000000000000000000A"),
        ({"type": "master_detail", "reference": "customer"}, "x", "x"),
        ({"type": "user"}, "x", "x"),
        (
            {"type": "json"},
            {"a": [1, Decimal("1.5"), None, "é", True, {}]},
            {"a": [1, Decimal("1.5"), None, "é", True, {}]},
        ),
        ({"type": "json"}, MAXIMUM, MAXIMUM),
        ({"type": "password"}, "correct horse", "correct horse"),
    ],
)
def test_a_value_is_taken(options: Any, sent: Any, kept: Any) -> None:
    value = read(options, sent)
    assert value == kept
    assert str(value) == str(kept)
    assert type(value) is type(kept)


def _deep(levels: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(levels - 1):
        value = [value]
    return value


_NO_TEXT = ("invalid_type", "Subject is a text", None)
_UNSTORABLE = ("invalid_value", "Subject holds a character that cannot be stored", None)
_NO_NUMBER = ("invalid_type", "Subject is a number", None)
_NO_DAY = ("invalid_date", "Subject is a day such as `2026-03-05`", None)
_NO_INSTANT = ("invalid_date", "Subject is an instant with its zone, such as `2026-03-05T14:30:00Z`", None)
_NO_TIME = ("invalid_time", "Subject is a time of day such as `14:30` or `14:30:00.000`", None)
_NO_EMAIL = ("invalid_email", "Subject is an e-mail address such as `ann@example.org`", None)
_NO_URL = ("invalid_url", "Subject is an address that begins with `https://` or `http://`", None)
_NO_PHONE = ("invalid_phone", "Subject is a telephone number such as `+4930123456`: a plus, then 7 to 15 digits", None)
_NO_LIST = ("invalid_type", "Subject is a list of values of options", None)
_NO_RECORD = ("reference_not_found", "Subject points to a record that is not there", None)
_REQUIRED = ("required", "Subject is required", None)


@pytest.mark.parametrize(
    ("options", "sent", "answer"),
    [
        ({"type": "text"}, 5, _NO_TEXT),
        ({"type": "text"}, None, _NO_TEXT),
        ({"type": "text"}, ["a"], _NO_TEXT),
        ({"type": "text"}, "a\0b", _UNSTORABLE),
        ({"type": "text"}, "\ud800", _UNSTORABLE),
        ({"type": "text", "required": True}, "", _REQUIRED),
        ({"type": "text", "maxLength": 120}, "x" * 130, ("max_length", "Subject takes at most 120 characters, this has 130", 120)),
        ({"type": "text", "minLength": 1}, "", ("min_length", "Subject takes at least 1 character, this has 0", 1)),
        ({"type": "text", "pattern": "^a"}, "ba", ("invalid_format", "Subject does not have the form `^a`", "^a")),
        ({"type": "markdown", "maxLength": 1}, "ab", ("max_length", "Subject takes at most 1 character, this has 2", 1)),
        ({"type": "email"}, "ann", _NO_EMAIL),
        ({"type": "email"}, "ann@localhost", _NO_EMAIL),
        ({"type": "email"}, "a@b@c.org", _NO_EMAIL),
        ({"type": "email"}, "a b@c.org", _NO_EMAIL),
        ({"type": "email"}, "ann@c.org\n", _NO_EMAIL),
        ({"type": "email"}, "ann@c..org", _NO_EMAIL),
        ({"type": "email"}, "a" * 250 + "@c.org", _NO_EMAIL),
        ({"type": "url"}, "example.org", _NO_URL),
        ({"type": "url"}, "/a", _NO_URL),
        ({"type": "url"}, "javascript:alert(1)", _NO_URL),
        ({"type": "url"}, "https://", _NO_URL),
        ({"type": "url"}, "https://a b", _NO_URL),
        ({"type": "url"}, "ftp://example.org", _NO_URL),
        ({"type": "phone"}, "030 123456", _NO_PHONE),
        ({"type": "phone"}, "+0301234567", _NO_PHONE),
        ({"type": "phone"}, "+49 30 123456", _NO_PHONE),
        ({"type": "phone"}, "+١٢٣٤٥٦٧٨", _NO_PHONE),
        ({"type": "number"}, "5", _NO_NUMBER),
        ({"type": "number"}, True, _NO_NUMBER),
        ({"type": "number"}, [5], _NO_NUMBER),
        ({"type": "number"}, Decimal("NaN"), ("invalid_number", "Subject is a finite number", None)),
        ({"type": "number"}, Decimal("-Infinity"), ("invalid_number", "Subject is a finite number", None)),
        ({"type": "number"}, float("nan"), ("invalid_number", "Subject is a finite number", None)),
        ({"type": "number"}, Decimal("0.0000001"), ("max_scale", "Subject takes at most 6 digits after the point", 6)),
        ({"type": "number"}, Decimal("1E-999999"), ("max_scale", "Subject takes at most 6 digits after the point", 6)),
        ({"type": "number", "scale": 0}, Decimal("5.5"), ("max_scale", "Subject takes whole numbers only", 0)),
        ({"type": "number", "scale": 0}, MAXIMUM + 1, ("max_value", f"Subject is at most {MAXIMUM}", MAXIMUM)),
        ({"type": "number", "scale": 0}, MINIMUM - 1, ("min_value", f"Subject is at least {MINIMUM}", MINIMUM)),
        ({"type": "number", "scale": 0, "precision": 3}, 1000, ("max_value", "Subject is at most 999", 999)),
        ({"type": "number"}, Decimal("1E+999999"), ("max_value", "Subject is at most 999999999999.999999", Decimal("999999999999.999999"))),
        ({"type": "number", "min": 0.5}, Decimal("0.49"), ("min_value", "Subject is at least 0.5", Decimal("0.5"))),
        ({"type": "number", "max": 5}, Decimal("5.000001"), ("max_value", "Subject is at most 5", 5)),
        ({"type": "currency"}, Decimal("10.001"), ("max_scale", "Subject takes at most 2 digits after the point", 2)),
        ({"type": "currency"}, 10**16, ("max_value", "Subject is at most 9999999999999999.99", Decimal("9999999999999999.99"))),
        ({"type": "boolean"}, 1, ("invalid_type", "Subject is true or false", None)),
        ({"type": "toggle"}, "true", ("invalid_type", "Subject is true or false", None)),
        ({"type": "date"}, 20260305, ("invalid_type", "Subject is a text: a day such as `2026-03-05`", None)),
        ({"type": "date"}, "2026-02-30", _NO_DAY),
        ({"type": "date"}, "2026-W10-1", _NO_DAY),
        ({"type": "date"}, "20260305", _NO_DAY),
        ({"type": "date"}, "0000-01-01", _NO_DAY),
        ({"type": "date"}, "10000-01-01", _NO_DAY),
        ({"type": "date"}, "２０２６-03-05", _NO_DAY),
        ({"type": "date"}, "2026-03-05T00:00:00Z", _NO_DAY),
        ({"type": "datetime"}, "2026-03-05T14:30:00", _NO_INSTANT),
        ({"type": "datetime"}, "2026-03-05", _NO_INSTANT),
        ({"type": "datetime"}, "2026-03-05 14:30:00Z", _NO_INSTANT),
        ({"type": "datetime"}, "2026-03-05T24:00:00Z", _NO_INSTANT),
        ({"type": "datetime"}, "2026-03-05T23:59:60Z", _NO_INSTANT),
        ({"type": "datetime"}, "2026-03-05T14:30:00+25:00", _NO_INSTANT),
        ({"type": "datetime"}, "0001-01-01T00:00:00+01:00", _NO_INSTANT),
        ({"type": "datetime"}, "9999-12-31T23:59:59-01:00", _NO_INSTANT),
        ({"type": "datetime"}, "2026-03-05T14:30:00Z\n", _NO_INSTANT),
        ({"type": "time"}, "24:00", _NO_TIME),
        ({"type": "time"}, "9:30", _NO_TIME),
        ({"type": "time"}, "12:30Z", _NO_TIME),
        ({"type": "time"}, "12:30:00,5", _NO_TIME),
        (ONE, "old", ("invalid_option", "Subject is one of `new`, `done`", ["new", "done"])),
        (ONE, "", ("invalid_option", "Subject is one of `new`, `done`", ["new", "done"])),
        (ONE | {"required": True}, "", _REQUIRED),
        (ONE, ["new"], ("invalid_type", "Subject is the value of an option, a text", None)),
        (MANY, "new", _NO_LIST),
        (MANY, ["new", 1], _NO_LIST),
        (MANY, ["new", []], _NO_LIST),
        (MANY, ["new", "old"], ("invalid_option", "Subject is one of `new`, `done`", ["new", "done"])),
        (MANY, ["new", "new"], ("invalid_value", "Subject holds an option twice", None)),
        (MANY | {"required": True}, [], _REQUIRED),
        ({"type": "lookup", "reference": "customer"}, 5, _NO_TEXT),
        ({"type": "lookup", "reference": "customer"}, "", _NO_RECORD),
        ({"type": "lookup", "reference": "customer"}, "x" * 256, _NO_RECORD),
        ({"type": "master_detail", "reference": "customer"}, "", _REQUIRED),
        ({"type": "user"}, {"id": "x"}, _NO_TEXT),
        ({"type": "json"}, {"a": ["\0"]}, ("invalid_json", "Subject holds a character that cannot be stored", None)),
        ({"type": "json"}, {"\ud800": 1}, ("invalid_json", "Subject holds a key that cannot be stored", None)),
        ({"type": "json"}, [MAXIMUM + 1], ("invalid_json", "Subject holds a whole number beyond 64 bits", None)),
        ({"type": "json"}, [float("nan")], ("invalid_json", "Subject holds a value that JSON does not have", None)),
        ({"type": "json"}, {1: 2}, ("invalid_json", "Subject holds a key that cannot be stored", None)),
        ({"type": "json"}, {"a": b"x"}, ("invalid_json", "Subject holds a value that JSON does not have", None)),
        ({"type": "json"}, Decimal("1e5000"), ("invalid_json", "Subject holds a number out of range", None)),
        ({"type": "json"}, _deep(65), ("invalid_json", "Subject holds more than 64 levels", None)),
        ({"type": "json"}, _deep(100_000), ("invalid_json", "Subject holds more than 64 levels", None)),
        ({"type": "password"}, "short", ("min_length", "Subject takes at least 8 characters, this has 5", 8)),
        ({"type": "password"}, "x" * 257, ("max_length", "Subject takes at most 256 characters, this has 257", 256)),
        ({"type": "password"}, 12345678, _NO_TEXT),
    ],
)  # fmt: skip
def test_a_value_is_refused(options: Any, sent: Any, answer: tuple[str, str, Any]) -> None:
    assert rejected(options, sent) == answer


def test_json_takes_64_levels() -> None:
    assert read({"type": "json"}, _deep(64)) == _deep(64)


@pytest.mark.parametrize(
    ("options", "storage", "comparison", "expression_type"),
    [
        ({"type": "text"}, Storage(StorageClass.TEXT), "text", "string?"),
        ({"type": "number"}, Storage(StorageClass.DECIMAL, precision=18, scale=6), "number", "decimal?"),
        ({"type": "number", "scale": 0}, Storage(StorageClass.INTEGER), "number", "int?"),
        ({"type": "currency"}, Storage(StorageClass.DECIMAL, precision=18, scale=2, fixed=True), "number", "decimal?"),
        (
            {"type": "percent", "precision": 9},
            Storage(StorageClass.DECIMAL, precision=9, scale=6),
            "number",
            "decimal?",
        ),
        ({"type": "boolean"}, Storage(StorageClass.BOOLEAN), "boolean", "bool?"),
        ({"type": "date"}, Storage(StorageClass.DAY), "day", "date?"),
        ({"type": "datetime"}, Storage(StorageClass.INSTANT), "instant", "timestamp?"),
        ({"type": "time"}, Storage(StorageClass.TEXT), "time", "string?"),
        (ONE, Storage(StorageClass.TEXT), "text", "string?"),
        (MANY, Storage(StorageClass.JSON), "list", "list<string>?"),
        ({"type": "user"}, Storage(StorageClass.TEXT), "text", "string?"),
        ({"type": "json"}, Storage(StorageClass.JSON), "json", "dyn?"),
        ({"type": "password"}, Storage(StorageClass.TEXT), "none", "string?"),
    ],
)
def test_a_type_is_stored_compared_and_computed(
    options: Any, storage: Storage, comparison: str, expression_type: str
) -> None:
    kind, declaration = declared(options)
    assert (kind.storage(declaration), kind.family(declaration)) == (storage, comparison)
    assert str(kind.expression_type(declaration)) == expression_type


@pytest.mark.parametrize(
    ("options", "schema"),
    [
        ({"type": "text", "maxLength": 5, "pattern": "^a"}, {"type": "string", "maxLength": 5, "pattern": "^a"}),
        ({"type": "email"}, {"type": "string", "format": "email"}),
        ({"type": "number", "min": 1}, {"type": "number", "minimum": 1}),
        ({"type": "number", "scale": 0, "max": 5}, {"type": "integer", "format": "int64", "maximum": 5}),
        ({"type": "datetime"}, {"type": "string", "format": "date-time"}),
        (ONE, {"type": "string", "enum": ["new", "done"]}),
        (MANY, {"type": "array", "uniqueItems": True, "items": {"type": "string", "enum": ["new", "done"]}}),
        ({"type": "json"}, {}),
        (
            {"type": "password"},
            {"type": "string", "format": "password", "writeOnly": True, "minLength": 8, "maxLength": 256},
        ),
    ],
)
def test_a_type_has_a_schema(options: Any, schema: dict[str, Any]) -> None:
    kind, declaration = declared(options)
    assert kind.schema(declaration) == schema


@pytest.mark.parametrize(
    ("options", "faults"),
    [
        ({"type": "text", "minLength": 3, "maxLength": 2}, [("minLength", "minLength (3) is above maxLength (2)")]),
        (
            {"type": "text", "pattern": "("},
            [
                (
                    "pattern",
                    "`(` cannot be used: The pattern does not compile: missing ), unterminated subpattern at position 0",
                )
            ],
        ),
        ({"type": "number", "min": 3, "max": 2}, [("min", "min (3) is above max (2)")]),
        ({"type": "number", "max": float("inf")}, [("max", "max is a finite number")]),
        ({"type": "number", "precision": 5}, [("precision", "precision (5) is below scale (6)")]),
        ({"type": "number", "precision": 5, "scale": 5}, []),
        ({"type": "select", "options": [OPTIONS[0], OPTIONS[0]]}, [("options", "the option `new` stands twice")]),
        (
            {"type": "select", "options": [{"value": "a", "default": True}, {"value": "b", "default": True}]},
            [("options", "`a` and `b` are both marked as the default")],
        ),
        (
            {"type": "select", "options": [{"value": "a", "default": True}], "defaultValue": "b"},
            [("defaultValue", "defaultValue differs from the option that is marked as the default")],
        ),
        ({"type": "multiselect", "options": [{"value": "a", "default": True}, {"value": "b", "default": True}]}, []),
        (
            {"type": "lookup", "reference": "a", "required": True},
            [("deleteBehavior", "a required reference cannot be set to null: say `restrict` or `cascade`")],
        ),
        ({"type": "lookup", "reference": "a", "required": True, "deleteBehavior": "restrict"}, []),
        ({"type": "master_detail", "reference": "a"}, []),
        ({"type": "password", "minLength": 300}, [("minLength", "minLength (300) is above maxLength (256)")]),
    ],
)
def test_options_that_do_not_fit_together_are_found(options: Any, faults: list[tuple[str, str]]) -> None:
    kind, declaration = declared(options)
    assert kind.check(declaration) == faults


@pytest.mark.parametrize(
    ("options", "default"),
    [
        ({"type": "select", "options": [{"value": "a"}, {"value": "b", "default": True}]}, "b"),
        ({"type": "radio", "options": [{"value": "a"}]}, msgspec.UNSET),
        ({"type": "radio", "options": [{"value": "a"}], "defaultValue": "a"}, "a"),
        (
            {"type": "multiselect", "options": [{"value": "a", "default": True}, {"value": "b", "default": True}]},
            ["a", "b"],
        ),
    ],
)
def test_a_marked_option_is_the_default(options: Any, default: Any) -> None:
    assert declared(options)[1].default_value == default


@pytest.mark.parametrize(
    "options",
    [
        {"type": "text", "scale": 2},
        {"type": "text", "maxlength": 2},
        {"type": "text", "max_length": 2},
        {"type": "text", "maxLength": -1},
        {"type": "number", "maxLength": 2},
        {"type": "number", "precision": 19},
        {"type": "number", "scale": -1},
        {"type": "number", "min": "3"},
        {"type": "select"},
        {"type": "select", "options": []},
        {"type": "select", "options": ["a"]},
        {"type": "select", "options": [{"value": ""}]},
        {"type": "select", "options": [{"value": "a", "visibleWhen": True}]},
        {"type": "lookup"},
        {"type": "lookup", "reference": "Customer"},
        {"type": "lookup", "reference": "a", "deleteBehavior": "keep"},
        {"type": "master_detail", "reference": "a", "required": False},
        {"type": "master_detail", "reference": "a", "deleteBehavior": "set_null"},
        {"type": "user", "reference": "customer"},
        {"type": "boolean", "min": 1},
        {"type": "autonumber", "startsAt": 5},
        {},
    ],
)
def test_an_option_that_nothing_reads_is_refused(options: Any) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(options, AnyField)


def test_messages_without_a_label_still_read() -> None:
    declaration = msgspec.convert({"type": "text", "maxLength": 1}, AnyField)
    with pytest.raises(Rejected, match="The value takes at most 1 character, this has 2"):
        FIELD_TYPES["text"].reader(declaration)("ab")


def test_the_table_and_the_union_hold_the_same_types() -> None:
    assert {kind.declaration for kind in FIELD_TYPES.values()} == set(AnyField.__args__)
    for name, kind in FIELD_TYPES.items():
        assert kind.name == name == kind.declaration.__struct_config__.tag
        assert kind.comparison in FAMILIES
        assert kind.summary


def test_only_passwords_are_internal_by_type() -> None:
    assert [name for name, kind in FIELD_TYPES.items() if kind.internal] == ["password"]


def test_a_fault_keeps_the_digits_of_its_constraint() -> None:
    code, message, constraint = rejected({"type": "currency", "min": 0.5}, 0)
    error = Invalid("1 field is not valid", faults=[FieldFault("amount", code, message, constraint=constraint)])
    assert error.details["fields"] == [
        {"field": "amount", "code": "min_value", "message": "Subject is at least 0.5", "constraint": Decimal("0.5")}
    ]
