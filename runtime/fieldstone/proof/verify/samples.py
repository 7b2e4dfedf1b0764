"""Values made up for fields, by their types: such as the field takes, as far as that can be told from its declaration."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from random import Random
from typing import Any

from fieldstone.kinds.fields.field_type import Rejected
from fieldstone.registry.catalog import Field

WORDS = (
    "amber",
    "birch",
    "copper",
    "delta",
    "ember",
    "fjord",
    "garnet",
    "harbor",
    "indigo",
    "juniper",
    "kestrel",
    "larch",
)
_LONGEST = 200
_WIDE = 1_000_000


class NoSample(Exception):
    """No value can be made up: there are no records to refer to, or the field takes none that its declaration tells of."""


References = Callable[[str], Sequence[str]]
"""Returns the ids of the records of an object that a reference may name."""


def sample(field: Field, random: Random, references: References) -> Any:
    """Returns a value for a field; raises NoSample."""
    if field.reference is not None:
        known = references(field.reference)
        if not known:
            raise NoSample(field.name)
        return random.sample(list(known), min(len(known), 2)) if field.multiple else random.choice(list(known))
    made = _BY_TYPE.get(field.type.name)
    value = made(random) if made else from_schema(field.type.schema(field.declaration), random)
    try:
        return field.reader(value)
    except Rejected as rejected:
        raise NoSample(f"{field.name}: {rejected.message}") from None


def from_schema(schema: Mapping[str, Any], random: Random) -> Any:
    """Returns a value that a JSON Schema describes."""
    if "enum" in schema:
        return random.choice([value for value in schema["enum"] if value is not None])
    if "anyOf" in schema:
        return from_schema(schema["anyOf"][0], random)
    match schema.get("type"):
        case "boolean":
            return random.choice((True, False))
        case "integer" | "number":
            return _number(schema, random)
        case "array":
            count = max(schema.get("minItems", 0), random.randint(1, 2))
            items = [
                from_schema(schema.get("items", {}), random) for _ in range(min(count, schema.get("maxItems", count)))
            ]
            return list(dict.fromkeys(items)) if schema.get("uniqueItems") else items
        case "object":
            return {name: from_schema(part, random) for name, part in schema.get("properties", {}).items()}
        case "string":
            return _text(schema, random)
    return {"word": random.choice(WORDS)}


def _number(schema: Mapping[str, Any], random: Random) -> Any:
    low, high = schema.get("minimum", 0), schema.get("maximum", _WIDE)
    step = schema.get("multipleOf")
    value = random.randint(int(low), int(min(high, int(low) + _WIDE)))
    return value if step is None or Decimal(str(step)) <= 1 else int(low) + (value - int(low)) // int(step) * int(step)


def _text(schema: Mapping[str, Any], random: Random) -> str:
    text = f"{random.choice(WORDS)} {random.randint(100_000, 999_999)} {random.choice(WORDS)}"
    text = text.ljust(schema.get("minLength", 0), "x")
    return text[: schema.get("maxLength", _LONGEST)].strip()


def _day(random: Random) -> str:
    return f"2026-{random.randint(1, 12):02}-{random.randint(1, 28):02}"


_BY_TYPE: Mapping[str, Callable[[Random], Any]] = {
    "email": lambda random: f"{random.choice(WORDS)}{random.randint(1, _WIDE)}@verify.example",
    "url": lambda random: f"https://{random.choice(WORDS)}{random.randint(1, _WIDE)}.example/",
    "phone": lambda random: f"+4930{random.randint(1_000_000, 9_999_999)}",
    "color": lambda random: f"#{random.randrange(2**24):06x}",
    "date": _day,
    "datetime": lambda random: f"{_day(random)}T{random.randint(0, 23):02}:30:00.000Z",
    "time": lambda random: f"{random.randint(0, 23):02}:30:00.000",
    "signature": lambda random: f"data:image/png;base64,{random.choice(WORDS)}AA==",
    "address": lambda random: {
        "city": random.choice(WORDS),
        "street": f"{random.choice(WORDS)} {random.randint(1, 99)}",
    },
    "password": lambda random: f"{random.choice(WORDS)} {random.randint(100_000, 999_999)} secret",
}
"""Types whose JSON Schema says less than they ask for."""
