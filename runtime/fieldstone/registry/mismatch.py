"""All that keeps a plain value from fitting a type: one finding for each place, in words for the person who wrote the YAML.

Walks the value beside the type's description from `msgspec.inspect`; knows nothing of kinds but what their Structs say.
"""

import re
from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache
from itertools import islice
from typing import Any

import msgspec
from msgspec import inspect

from fieldstone.kinds.declaration import Declared
from fieldstone.kinds.fields.field_type import FIELD
from fieldstone.query.names import did_you_mean
from fieldstone.registry.codes import Code
from fieldstone.registry.scalars import resolve
from fieldstone.registry.source import MOST_FAULTS

Path = tuple[str | int, ...]

_LISTS = (inspect.ListType, inspect.VarTupleType, inspect.SetType, inspect.FrozenSetType)
COMMA_HINT = "Within braces a comma ends a value; quote a value that holds one."
_WHOLE = "a whole number"
_NUMBER = "a number"
_DESCRIPTIONS: tuple[tuple[tuple[type[inspect.Type], ...], str], ...] = (
    ((inspect.StrType,), "text"),
    ((inspect.IntType,), _WHOLE),
    ((inspect.FloatType, inspect.DecimalType), _NUMBER),
    ((inspect.BoolType,), "true or false"),
    ((inspect.StructType, inspect.DictType), "a mapping of keys to values"),
    (_LISTS, "a list"),
)
_FEW = 12
_LONGEST_PATH = 200


class Mismatch(msgspec.Struct, frozen=True):
    """One thing wrong at a path; `at_key` says that it is the key there, or the missing of one, not the value."""

    path: Path
    code: Code
    message: str
    hint: str | None = None
    at_key: bool = False


def mismatches(value: Any, target: Any, path: Path = ()) -> list[Mismatch]:
    """Returns what is wrong with a value where a type is wanted, in the order of the document; `path` is that of the value in it.

    It ends after MOST_FAULTS.
    """
    return list(islice(_walk(value, _described(target), path), MOST_FAULTS))


@lru_cache(maxsize=256)
def _described(target: Any) -> inspect.Type:
    return inspect.type_info(target)


def _walk(value: Any, wanted: inspect.Type, path: Path) -> Iterator[Mismatch]:
    described = None
    while isinstance(wanted, inspect.Metadata):
        described = (wanted.extra_json_schema or {}).get("description", described)
        wanted = wanted.type
    if isinstance(wanted, inspect.UnionType):
        yield from _union(value, wanted, path)
    elif isinstance(wanted, inspect.StructType) and isinstance(value, dict):
        yield from _struct(value, wanted, path)
    elif isinstance(wanted, inspect.DictType) and isinstance(value, dict):
        for key, item in value.items():
            yield from (
                msgspec.structs.replace(found, at_key=True) for found in _walk(key, wanted.key_type, (*path, key))
            )
            yield from _walk(item, wanted.value_type, (*path, key))
        yield from _length(len(value), wanted, path, "entries")
    elif isinstance(wanted, _LISTS) and isinstance(value, list):
        for index, item in enumerate(value):
            yield from _walk(item, wanted.item_type, (*path, index))
        yield from _length(len(value), wanted, path, "items")
    elif not isinstance(wanted, inspect.AnyType):
        yield from _leaf(value, wanted, path, described)


def _struct(value: dict[str, Any], wanted: inspect.StructType, path: Path) -> Iterator[Mismatch]:
    known = {field.encode_name: field for field in wanted.fields}
    names = [*known, wanted.tag_field] if wanted.tag_field else list(known)
    for key, item in value.items():
        if key in known:
            yield from _walk(item, known[key].type, (*path, key))
        elif key != wanted.tag_field:
            declared = _declared(wanted)
            what = f"a {declared.noun} of type `{wanted.tag}`" if declared.noun else _where(path) or "this file"
            hint = (
                declared.elsewhere.get(key) or _choose(key, names)
                if item is not None
                else did_you_mean(key, names) or COMMA_HINT
            )
            yield Mismatch((*path, key), Code.UNKNOWN_KEY, f"{shown(key)} is not a key of {what}.", hint, at_key=True)
    for name, field in known.items():
        if field.required and name not in value:
            yield _missing(name, path)


def _declared(wanted: inspect.StructType) -> type[Declared]:
    return wanted.cls if issubclass(wanted.cls, Declared) else Declared


def _missing(name: str, path: Path, hint: str | None = None) -> Mismatch:
    return Mismatch(
        path,
        Code.MISSING_KEY,
        f"{_where(path) or 'This file'} needs `{name}`.",
        hint or f"Add `{name}: ...`.",
        at_key=True,
    )


def _union(value: Any, wanted: inspect.UnionType, path: Path) -> Iterator[Mismatch]:
    options = [_bare(option) for option in wanted.types]
    structs = [option for option in options if isinstance(option, inspect.StructType)]
    if isinstance(value, dict) and structs and structs[0].tag_field:
        yield from _tagged(value, structs, path)
        return
    fitting = [option for option in wanted.types if _same_family(value, _bare(option))]
    if not fitting:
        yield _wrong_type(value, wanted, path)
        return
    results = [list(islice(_walk(value, option, path), MOST_FAULTS)) for option in fitting]
    yield from min(results, key=len)


def _tagged(value: dict[str, Any], structs: list[inspect.StructType], path: Path) -> Iterator[Mismatch]:
    tag_field = str(structs[0].tag_field)
    if tag_field not in value:
        yield _missing(tag_field, path)
        return
    tag = value[tag_field]
    chosen = next((struct for struct in structs if struct.tag == tag), None)
    if chosen is not None:
        yield from _struct(value, chosen, path)
        return
    noun = _declared(structs[0]).noun
    code = Code.UNKNOWN_FIELD_TYPE if noun == FIELD else Code.WRONG_VALUE
    hint = _choose(str(tag), [str(struct.tag) for struct in structs], all_of_them=True)
    yield Mismatch((*path, tag_field), code, f"There is no {noun} {tag_field} {shown(tag)}.", hint)


def _bare(wanted: inspect.Type) -> inspect.Type:
    return _bare(wanted.type) if isinstance(wanted, inspect.Metadata) else wanted


def _same_family(value: Any, wanted: inspect.Type) -> bool:
    match wanted:
        case inspect.StructType() | inspect.DictType():
            return isinstance(value, dict)
        case inspect.LiteralType(values=values):
            return any(type(value) is type(literal) for literal in values)
        case inspect.AnyType():
            return True
        case _ if isinstance(wanted, _LISTS):
            return isinstance(value, list)
        case _:
            return not any(found.code is Code.WRONG_TYPE for found in _leaf(value, wanted, (), None))


def _leaf(value: Any, wanted: inspect.Type, path: Path, described: str | None) -> Iterator[Mismatch]:
    match wanted:
        case inspect.StrType() if isinstance(value, str):
            if wanted.pattern and not re.search(wanted.pattern, value):
                yield Mismatch(
                    path,
                    Code.WRONG_VALUE,
                    f"{shown(value)} is not acceptable here.",
                    described or f"It must match `{wanted.pattern}`.",
                )
            else:
                yield from _length(len(value), wanted, path, "characters")
        case inspect.IntType() if isinstance(value, int) and not isinstance(value, bool):
            yield from _range(value, wanted, path)
        case inspect.FloatType() | inspect.DecimalType() if isinstance(value, (int, Decimal)) and not isinstance(
            value, bool
        ):
            if isinstance(wanted, inspect.FloatType):
                yield from _range(value, wanted, path)
        case inspect.BoolType() if isinstance(value, bool):
            return
        case inspect.NoneType() if value is None:
            return
        case inspect.LiteralType(values=values) if any(
            type(value) is type(literal) and value == literal for literal in values
        ):
            return
        case inspect.LiteralType(values=values) if any(type(value) is type(literal) for literal in values):
            choices = [str(literal) for literal in values]
            yield Mismatch(
                path,
                Code.WRONG_VALUE,
                f"{shown(value)} is not a value of {_where(path)}.",
                _choose(str(value), choices, all_of_them=True),
            )
        case _:
            yield _wrong_type(value, wanted, path)


def _wrong_type(value: Any, wanted: inspect.Type, path: Path) -> Mismatch:
    hint = None
    takes = _describe(wanted)
    if isinstance(value, str) and (mend := _instead_of_text(wanted)):
        return Mismatch(path, Code.WRONG_TYPE, f"{_where(path)} takes {takes}, not a text.", mend)
    if value is None:
        hint = "Give it a value, or leave the key out."
    elif isinstance(value, (bool, int, Decimal)) and "text" in takes:
        hint = f'Write `"{shown(value).strip("`")}"` for the text.'
    elif (
        isinstance(value, str)
        and value.lower() in ("true", "false", "yes", "no", "on", "off")
        and "true or false" in takes
    ):
        hint = "Write `true` or `false`, without quotes."
    elif isinstance(value, str) and "number" in takes and isinstance(resolve(value).value, int | Decimal):
        hint = f"Write `{value}`, without quotes."
    elif isinstance(value, str) and "list" in takes:
        hint = f"Write `[{value}]`."
    return Mismatch(path, Code.WRONG_TYPE, f"{_where(path) or 'The file'} takes {takes}, not {_kind_of(value)}.", hint)


def _instead_of_text(wanted: inspect.Type) -> str:
    """Returns what a Struct among the types says to somebody who wrote a text in its place."""
    options = wanted.types if isinstance(wanted, inspect.UnionType) else (wanted,)
    structs = [option for option in map(_bare, options) if isinstance(option, inspect.StructType)]
    return next((mend for struct in structs if (mend := _declared(struct).instead_of_text)), "")


def _range(value: int | Decimal, wanted: inspect.IntType | inspect.FloatType, path: Path) -> Iterator[Mismatch]:
    low = wanted.ge if wanted.ge is not None else wanted.gt
    high = wanted.le if wanted.le is not None else wanted.lt
    below = (wanted.ge is not None and value < wanted.ge) or (wanted.gt is not None and value <= wanted.gt)
    above = (wanted.le is not None and value > wanted.le) or (wanted.lt is not None and value >= wanted.lt)
    if not below and not above:
        return
    if low is not None and high is not None:
        bounds = f"between {low} and {high}"
    elif low is not None:
        bounds = f"{low} or more" if wanted.ge is not None else f"more than {low}"
    else:
        bounds = f"{high} or less" if wanted.le is not None else f"less than {high}"
    yield Mismatch(path, Code.WRONG_VALUE, f"{_where(path)} is {value}; it must be {bounds}.")


def _length(length: int, wanted: Any, path: Path, unit: str) -> Iterator[Mismatch]:
    if wanted.min_length is not None and length < wanted.min_length:
        yield Mismatch(path, Code.WRONG_VALUE, f"{_where(path)} has {length} {unit}; {wanted.min_length} is the least.")
    if wanted.max_length is not None and length > wanted.max_length:
        yield Mismatch(path, Code.WRONG_VALUE, f"{_where(path)} has {length} {unit}; {wanted.max_length} is the most.")


def _describe(wanted: inspect.Type) -> str:
    wanted = _bare(wanted)
    for kinds, text in _DESCRIPTIONS:
        if isinstance(wanted, kinds):
            return text
    match wanted:
        case inspect.UnionType(types=types):
            texts = list(
                dict.fromkeys(_describe(option) for option in types if not isinstance(option, inspect.NoneType))
            )
            return " or ".join(text for text in texts if text != _WHOLE or _NUMBER not in texts)
        case inspect.LiteralType(values=values):
            return " or ".join(shown(value) for value in values)
        case _:
            return "another type"


def _kind_of(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, str):
        return f"the text {shown(value)}"
    return shown(value)


def shown(value: Any) -> str:
    """Returns a value as it may stand in a message, cut to a fair length."""
    text = {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)
    return f"`{text[:60]}...`" if len(text) > 60 else f"`{text}`"


def _where(path: Path) -> str:
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return f"`{text[:_LONGEST_PATH]}`" if text else ""


def _choose(name: str, known: list[str], *, all_of_them: bool = False) -> str | None:
    found = did_you_mean(name, known)
    if found or (len(known) > _FEW and not all_of_them):
        return found
    return f"It takes {', '.join(f'`{item}`' for item in known)}." if known else None
