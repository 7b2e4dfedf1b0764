"""Documents as YAML, always written alike: what is read from the text is what was written, and what is written again the same text."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import yaml

from fieldstone.registry.scalars import resolve

_WIDTH = 140


class _Writer(yaml.SafeDumper):
    """Writes block style, texts in quotes wherever a reader could take them for something else, and no anchors."""

    def ignore_aliases(self, _data: Any) -> bool:
        """Writes out what stands in several places."""
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Indents lists within mappings."""
        super().increase_indent(flow, indentless=indentless and flow)


def _text(writer: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    scalar = resolve(value)
    style = "|" if "\n" in value else None if scalar.doubt is None and scalar.value == value else '"'
    return writer.represent_scalar("tag:yaml.org,2002:str", value, style=style)


def _number(writer: yaml.SafeDumper, value: Decimal) -> yaml.ScalarNode:
    digits = format(value, "f")
    return writer.represent_scalar("tag:yaml.org,2002:float", digits if "." in digits else f"{digits}.0")


_Writer.add_representer(str, _text)
_Writer.add_representer(Decimal, _number)


def yaml_text(document: Mapping[str, Any]) -> str:
    """Returns a document as text; its keys stand in their order."""
    return yaml.dump(document, Dumper=_Writer, sort_keys=False, allow_unicode=True, width=_WIDTH)
