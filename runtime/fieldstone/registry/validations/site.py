"""Where a rule stands: its object, the names that its expressions may use, and the faults found so far."""

from collections.abc import Mapping

import msgspec

from fieldstone.errors import Fault
from fieldstone.kinds.validation import RuleOptions
from fieldstone.query.cel.context import CALLER_TYPE, ORGANIZATION_TYPE
from fieldstone.query.cel.environment import Environment
from fieldstone.query.cel.expression import Compiled, ExpressionError, compile_expression
from fieldstone.query.cel.types import BOOL, struct_of
from fieldstone.registry.catalog import Field, Object
from fieldstone.registry.codes import Code
from fieldstone.registry.condition import decided
from fieldstone.registry.documents import Document
from fieldstone.registry.expressions import expression_faults
from fieldstone.registry.known import unknown_field
from fieldstone.registry.rules import expression_fields, expression_types
from fieldstone.registry.validations.rule import Condition, Judge

Path = tuple[str | int, ...]


class Linked(msgspec.Struct, frozen=True, eq=False):
    """What a rule of some type comes to: its judge, the fields it looks at, and the one that carries its faults."""

    judge: Judge
    reads: frozenset[str]
    field: str


class Within(msgspec.Struct, frozen=True):
    """What a rule has of the one around it, or of itself when there is none: its place, its name, and its message."""

    path: Path
    name: str | None
    message: str


class Site:
    """One object whose rules are being linked; `faults` gathers what is wrong with them, `looks_at` what they look at, by their paths."""

    def __init__(self, document: Document, subject: Object) -> None:
        fields = expression_fields(subject.fields.values())
        types = expression_types(fields)
        roots = {
            "record": struct_of(types),
            "previous": struct_of(types, nullable=True),
            "current_user": CALLER_TYPE,
            "os": struct_of({"org": ORGANIZATION_TYPE}),
        }
        self.document = document
        self.subject = subject
        self.faults: list[Fault] = []
        self.looks_at: dict[Path, frozenset[str]] = {}
        self._fields: Mapping[str, Field] = fields
        self._environment = Environment(roots, bare="record")

    def refuse(self, path: Path, message: str, hint: str | None = None, code: Code = Code.VALIDATION_RULE) -> None:
        """Notes a fault of the value at a path."""
        self.faults.append(self.document.fault(path, code, message, hint))

    def field(self, name: str, path: Path) -> Field | None:
        """Returns a field that rules may look at; notes a fault, and returns None, for any other."""
        found = self._fields.get(name)
        if found is None and name in self.subject.fields:
            self.refuse(path, f"`{name}` is never read, so no rule can look at it.", "Name another field.")
        elif found is None:
            place = self.document.value_at(*path)
            self.faults.append(unknown_field(place, name, self.subject.name, self._fields))
        return found

    def condition(self, text: str, path: Path) -> tuple[Condition, frozenset[str]] | None:
        """Returns a condition and the fields that it looks at; notes its faults, and returns None, where it does not compile."""
        try:
            compiled = compile_expression(text, self._environment, BOOL)
        except ExpressionError as error:
            self.faults += expression_faults(self.document, path, text, error)
            return None
        return decided(compiled), self._read_by(compiled)

    def _read_by(self, compiled: Compiled) -> frozenset[str]:
        """Returns the fields that an expression looks at: all of them, where it takes the record as a whole."""
        if ("record",) in compiled.refs:
            return frozenset(self._fields)
        return frozenset(path[1] for path in compiled.refs if path[0] in ("record", "previous") and len(path) > 1)


def rule_keys_left(rule: RuleOptions) -> list[str]:
    """Returns the keys of a rule that say something of when and how it is looked at, beside its type and its message."""
    info = {field.name: field for field in msgspec.structs.fields(RuleOptions)}
    return [
        field.encode_name for name, field in info.items() if name != "message" and getattr(rule, name) != field.default
    ]
