"""The pages of errors: the codes that answers carry, and the codes of faults in declarations."""

from collections.abc import Iterator

from docs.generator.markdown import code, codes, fenced, page, summary, table
from fieldstone.errors import FieldstoneError
from fieldstone.registry.codes import EXPLANATIONS
from fieldstone.surfaces.http.errors import STATUS

ERRORS = """\
Every answer that is not a success has one shape on the native surface:"""

ENVELOPE = """\
{"error": {"code": "NOT_FOUND", "message": "No object `tiket`.", "details": {"hint": "Did you mean `ticket`?"}, "requestId": "..."}}"""

ERRORS_CONTINUED = """\
`message` is for people, `details` for programs; `details.hint` says what to do next. `requestId` is that of the
header `X-Request-Id` and of the server's log. No text of the database is ever in an answer."""

FIELD_CODES = {
    "required": "There is no value, and there must be one.",
    "unknown_field": "There is no such field, or none that the caller may see.",
    "invalid_type": "The value is of another JSON type than the field takes; nothing is coerced.",
    "invalid_value": "The value is of the right type and cannot stand: a field of the system, an option twice.",
    "invalid_option": "The value is none of the options; `constraint` lists them.",
    "invalid_email": "Not an e-mail address.",
    "invalid_url": "Not an absolute http or https address.",
    "invalid_phone": "Not a telephone number in the form of E.164.",
    "invalid_date": "Not a day, or not an instant with its zone.",
    "invalid_time": "Not a time of day.",
    "invalid_number": "Not a finite number.",
    "invalid_json": "Cannot be stored as JSON.",
    "invalid_format": "Does not match the field's `pattern`, which is `constraint`, or the form that a [rule](validations.md) asks for.",
    "min_length": "Too short; `constraint` is the least length.",
    "max_length": "Too long; `constraint` is the greatest length.",
    "min_value": "Too small; `constraint` is the least value.",
    "max_value": "Too great; `constraint` is the greatest value.",
    "max_scale": "Too many digits after the point; `constraint` is how many there may be.",
    "min_items": "Fewer members than the least.",
    "max_items": "More members than the most.",
    "rule_violation": "A [rule](validations.md) of the object says no; `constraint.rule` is its name.",
    "invalid_transition": "A state that may not follow the one before; `constraint` has that as `before`, and what is `allowed`.",
    "invalid_initial_state": "A state in which no record begins; `constraint.allowed` lists those in which one does.",
    "json_schema_violation": "Does not satisfy a rule's JSON Schema; `constraint.keyword` says which part of it.",
    "rule_not_evaluable": "A rule, or a condition of the field, has no answer on this record; it refuses the record.",
    "reference_not_found": "Points to a record that is not there, or that the caller may not see.",
    "reference_ambiguous": "Means more than one record that the caller may see; in an [import](../how-to/import.md) alone.",
}
"""What `details.fields[].code` may be; a test holds it against the code."""

REASONS = {
    "INVALID_JSON": "The body is not a JSON object, or gives a key twice in one object.",
    "INVALID_METADATA": "A change of metadata does not compile; `details.faults` has every fault, with its path in the item or its place.",
    "INVALID_QUERY": "A part of a query or a parameter is unknown or cannot be read.",
    "INVALID_FIELD": "A name is no field that the caller may read.",
    "INVALID_FILTER": "A `where` cannot be applied; `details.path` says which part.",
    "INVALID_SORT": "An order cannot be applied.",
    "INVALID_CURSOR": "A cursor is not ours, or belongs to another query or caller.",
    "HISTORY_NOT_TRACKED": "The past of an object is asked for that keeps no history.",
    "TOO_MANY_RECORDS": "There are more records to be exported than a file of the format holds.",
    "NO_TRASH": "The trash of an object is asked for that has none.",
    "NOT_SHAREABLE": "A share is asked for of an object whose records are not shared one by one.",
    "INVALID_BATCH": "A batch, or a record of it, is not of the right form.",
    "INVALID_IMPORT": "What is to be imported is no table, or the import asks for something that it cannot be.",
    "INVALID_INVITATION": "An invitation is over, was used, is another's, or never was.",
    "INVALID_TOKEN": "The token of a mail is over, was used, or never was.",
    "INVALID_IDEMPOTENCY_KEY": "An idempotency key is not of the right form, or stands where none is taken.",
}
"""What `details.reason` of a VALIDATION_ERROR may be; a test holds it against the code."""

FAULTS = """\
`fieldstone check` prints every fault of every file as `file:line:column code message (hint)`; `--format json` gives
the same as a list of `{file, line, column, code, message, hint}`. The server does not start while there is one."""


def error_classes(root: type[FieldstoneError] = FieldstoneError) -> Iterator[type[FieldstoneError]]:
    """Yields every error that may leave the house, by its own code; those of expressions become faults and filters before."""
    for error in root.__subclasses__():
        if "code" in vars(error) and error.__module__ == FieldstoneError.__module__:
            yield error
        yield from error_classes(error)


def errors_page() -> str:
    """Returns the page of error codes."""
    sections = [_section(error) for error in sorted(error_classes(), key=_order)]
    field = table(("code", "meaning"), [(code(name), meaning) for name, meaning in FIELD_CODES.items()])
    reasons = table(("reason", "meaning"), [(code(name), meaning) for name, meaning in REASONS.items()])
    return page(
        "Errors",
        ERRORS,
        fenced(ENVELOPE, "json"),
        ERRORS_CONTINUED,
        *sections,
        "## Codes of fields",
        "A `VALIDATION_ERROR` names every field that is wrong at once, in `details.fields`: "
        "`{field, code, message, label, constraint, value}`. "
        "`constraint` is the limit that was passed; `value` is what was sent, unless it is long, has parts or is a secret. "
        "In a batch or import each row has its own.",
        field,
        "## Reasons",
        "A `VALIDATION_ERROR` that is not about a field says in `details.reason` what it is about, and often where in `details.path`.",
        reasons,
    )


def faults_page() -> str:
    """Returns the page of fault codes."""
    return page(
        "Faults in declarations", FAULTS, *(f"## {code(name)}\n\n{text}" for name, text in EXPLANATIONS.items())
    )


def _order(error: type[FieldstoneError]) -> tuple[int, str]:
    return STATUS.get(error.code, 1000), error.code


def _section(error: type[FieldstoneError]) -> str:
    status = STATUS.get(error.code)
    where = f"Status {status}." if status else _ELSEWHERE[error.code]
    kinds = [child.__name__ for child in error.__subclasses__() if "code" not in vars(child)]
    also = f" Raised as {codes([error.__name__, *kinds])}." if kinds else f" Raised as {code(error.__name__)}."
    return f"## {code(error.code)}\n\n{where} {summary(error.__doc__)}{also}"


_ELSEWHERE = {
    "DECLARATION_ERROR": "At start and by `fieldstone check`.",
    "SETTINGS_ERROR": "At start and by the command line.",
    "ROLLED_BACK": "Of a row of a batch.",
    "NOT_ATTEMPTED": "Of a row of a batch.",
}
