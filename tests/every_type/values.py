"""Values of every field type: how random ones are made, what answers show of them, and what is refused with which codes."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from random import Random
from typing import Any

import msgspec

LETTERS = "abcXYZ äßÉ😀'\"\\%_-09\n\t中"
OPTIONS = ["low", "high", "middle"]
BULLETS = "\N{BULLET}" * 8


class Values(msgspec.Struct, frozen=True):
    """How values of one field are made; `shown` is what answers hold, `key` how they are ordered, None where they are not."""

    make: Callable[[Random], Any]
    shown: Callable[[Any], Any] = lambda sent: sent
    key: Callable[[Any], Any] | None = lambda shown: shown


def word(random: Random) -> str:
    return "".join(random.choice(LETTERS) for _ in range(random.randint(1, 12)))


def decimal(scale: int, most: int) -> Callable[[Random], Decimal]:
    return lambda random: Decimal(random.randint(-most * 10**scale, most * 10**scale)).scaleb(-scale)


def day(random: Random) -> str:
    return f"{random.randint(1, 9999):04}-{random.randint(1, 12):02}-{random.randint(1, 28):02}"


def moment(random: Random) -> str:
    clock = (
        f"{random.randint(0, 23):02}:{random.randint(0, 59):02}:{random.randint(0, 59):02}.{random.randint(0, 999):03}"
    )
    return f"{day(random)}T{clock}Z"


def some(random: Random) -> list[str]:
    return random.sample(OPTIONS, random.randint(0, 3))


def hexadecimal(random: Random) -> str:
    return f"#{random.randrange(16**6):06X}"


def point(random: Random) -> dict[str, Any]:
    return {"lat": decimal(6, 90)(random), "lng": decimal(6, 180)(random), "accuracy": random.randint(0, 100)}


def group(random: Random) -> dict[str, Any]:
    return {"width": decimal(3, 1000)(random), "price": decimal(2, 1000)(random), "due": day(random)}


def lines(random: Random) -> list[dict[str, Any]]:
    return [{"amount": decimal(2, 99)(random), "note": word(random)} for _ in range(random.randint(0, 3))]


def unordered(make: Callable[[Random], Any], shown: Callable[[Any], Any] = lambda sent: sent) -> Values:
    return Values(make, shown, None)


def words(make: Callable[[Random], str], shown: Callable[[str], str] = lambda sent: sent) -> Values:
    return Values(make, shown)


VALUES: Mapping[str, Values] = {
    "text": words(word),
    "textarea": words(word),
    "markdown": words(word),
    "email": words(lambda random: f"{random.choice('abC')}{random.randint(0, 99)}@Example.org", str.lower),
    "url": words(lambda random: f"https://example.org/{random.randint(0, 999)}?a=b"),
    "phone": words(lambda random: f"+49{random.randint(10**6, 10**9)}"),
    "html": words(
        lambda random: f"<p>{random.randint(0, 99)}</p><script>alert(1)</script>", lambda sent: sent.partition("<s")[0]
    ),
    "richtext": unordered(lambda random: {"type": "doc", "content": [{"text": word(random)}]}),
    "code": words(word),
    "color": words(hexadecimal, str.lower),
    "signature": words(lambda random: f"data:image/png;base64,{random.randrange(10**8):08}"),
    "qrcode": words(word),
    "number": Values(decimal(6, 10**11)),
    "whole": Values(lambda random: random.randint(-(2**63), 2**63 - 1)),
    "measure": Values(lambda random: random.uniform(-1e30, 1e30), lambda sent: sent),
    "currency": Values(decimal(2, 10**15)),
    "percent": Values(lambda random: Decimal(random.randint(0, 10**8)).scaleb(-6)),
    "rating": Values(lambda random: random.randint(0, 5)),
    "slider": Values(lambda random: Decimal(random.randint(-4, 4)) / 4),
    "progress": Values(lambda random: random.randint(0, 100)),
    "boolean": Values(lambda random: random.random() < 0.5),
    "toggle": Values(lambda random: random.random() < 0.5),
    "date": Values(day),
    "datetime": Values(moment),
    "time": Values(lambda random: moment(random)[11:23]),
    "select": words(lambda random: random.choice(OPTIONS)),
    "several": unordered(some),
    "radio": words(lambda random: random.choice(OPTIONS)),
    "multiselect": unordered(some),
    "checkboxes": unordered(some),
    "tags": unordered(lambda random: list({word(random) for _ in range(random.randint(0, 4))})),
    "file": words(lambda random: f"file{random.randint(0, 99)}"),
    "image": unordered(lambda random: [f"image{number}" for number in range(random.randint(0, 3))]),
    "avatar": words(lambda random: f"file{random.randint(0, 99)}"),
    "video": words(lambda random: f"file{random.randint(0, 99)}"),
    "audio": words(lambda random: f"file{random.randint(0, 99)}"),
    "location": unordered(point),
    "address": unordered(lambda random: {"street": word(random), "countryCode": "DE"}),
    "json": unordered(lambda random: [word(random), {"a": decimal(4, 10**12)(random), "b": None}, True]),
    "composite": unordered(group),
    "repeater": unordered(lines),
    "groups": unordered(lambda random: {word(random): {"amount": decimal(2, 9)(random)}}),
    "vector": unordered(lambda random: [random.uniform(-1, 1) for _ in range(3)]),
    "secret": unordered(word, lambda _sent: BULLETS),
}
"""By field; the password is in no answer."""

TEXT: tuple[Any, ...] = (1, True, ["a"], {"a": 1}, 1.5)
NUMBER: tuple[Any, ...] = ("1", True, [1], {"a": 1})
TYPED = "invalid_type"

REFUSED: Mapping[str, tuple[tuple[Any, str], ...]] = {
    **{
        name: tuple((value, TYPED) for value in TEXT)
        for name in (
            *("text", "textarea", "markdown", "email", "url", "phone", "html", "code", "color", "signature", "qrcode"),
            *("date", "datetime", "time", "select", "radio", "file", "avatar", "video", "audio", "secret", "password"),
        )
    },
    **{
        name: tuple((value, TYPED) for value in NUMBER)
        for name in ("number", "whole", "measure", "currency", "percent", "rating", "slider", "progress")
    },
    **dict.fromkeys(("boolean", "toggle"), (("true", TYPED), (1, TYPED), (0, TYPED))),
    **{
        name: (("low", TYPED), ([1], TYPED), ({"low": True}, TYPED))
        for name in ("several", "multiselect", "checkboxes", "tags", "image")
    },
    **{name: (("a", TYPED), ([1], TYPED), (1, TYPED)) for name in ("location", "address", "composite", "groups")},
    "richtext": ((1, TYPED), ([], TYPED)),
    "json": ((10**30, "invalid_json"),),
    "repeater": (("a", TYPED), ({}, TYPED), (1, TYPED)),
    "vector": (("1,2,3", TYPED), ([1, 2], "min_items"), ([1, 2, 3, 4], "max_items"), (["1", 2, 3], "invalid_number")),
}
"""By field: values of wrong types and shapes, with the code of the refusal."""

MORE_REFUSED: Mapping[str, tuple[tuple[Any, str], ...]] = {
    "email": (("ann", "invalid_email"), ("a@b@c.org", "invalid_email")),
    "url": (("ftp://a.b", "invalid_url"), ("/a", "invalid_url")),
    "phone": (("0123", "invalid_phone"),),
    "color": (("red", "invalid_format"), ("#12", "invalid_format"), ("", "invalid_format")),
    "signature": (("data:text/html;base64,AA", "invalid_format"), ("Ann", "invalid_format")),
    "qrcode": (("é" * 1500, "max_length"), ("a" * 3000, "max_length")),
    "percent": ((101, "max_value"), (-1, "min_value")),
    "rating": ((6, "max_value"), (-1, "min_value"), (2.5, "max_scale")),
    "slider": ((0.3, "invalid_value"), (2, "max_value"), (0.001, "max_scale")),
    "progress": ((101, "max_value"), (0.5, "max_scale")),
    "date": (("2026-02-30", "invalid_date"), ("2026-03-05T00:00:00Z", "invalid_date")),
    "datetime": (("2026-03-05", "invalid_date"), ("2026-03-05T10:00:00", "invalid_date")),
    "time": (("25:00", "invalid_time"),),
    "select": (("other", "invalid_option"),),
    "multiselect": ((["low", "low"], "invalid_value"), (["other"], "invalid_option")),
    "tags": ((["a", "a"], "invalid_value"), ([""], "invalid_value"), (["a" * 256], "max_length")),
    "file": (("", "invalid_value"),),
    "secret": (("", "invalid_value"), ("a" * 1001, "max_length")),
    "password": (("short", "min_length"),),
    "number": ((0.1234567, "max_scale"), (10**12, "max_value")),
    "whole": ((2**63, "max_value"), (1.5, "max_scale")),
}
"""By field: values of the right type that are refused all the same."""
