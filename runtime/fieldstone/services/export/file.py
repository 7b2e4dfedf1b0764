"""The file that is asked for: in which form, what stands in it, and how it is called (contract 3.7)."""

from collections.abc import Callable

import msgspec

from fieldstone.access.caller import Caller
from fieldstone.access.policy import Policy
from fieldstone.engine.outcome import Exported
from fieldstone.query.document import QueryDocument
from fieldstone.registry.catalog import Object
from fieldstone.services.export.content import Content, Records
from fieldstone.services.export.formats import FORMATS, Format
from fieldstone.services.export.sheet import Dress, sheet_of
from fieldstone.services.export.wording import Find, Wording


class Form(msgspec.Struct, frozen=True):
    """In which form records are taken out."""

    format: str = "csv"
    header: bool = True
    raw: bool = False

    @property
    def made(self) -> Format:
        """The format."""
        return FORMATS[self.format]


class Asked(msgspec.Struct, frozen=True, eq=False):
    """What is asked for, by whom, and how a surface writes it: ids within columns, and rows as JSON objects; `find` is for words."""

    subject: Object
    form: Form
    query: QueryDocument
    caller: Caller
    dress_of: Callable[[str], Dress | None]
    records_of: Callable[[tuple[str, ...]], Records]
    find: Find


def looked_at(subject: Object, policy: Policy, form: Form, query: QueryDocument) -> QueryDocument:
    """Returns a query with the fields that a person looks at, where pages are asked for and it names none: the declared and not hidden."""
    if query.fields is not msgspec.UNSET or not form.made.paged:
        return query
    fields = (subject.fields[name] for name in policy.shape.columns)
    shown = [field.name for field in fields if not field.system and not field.declaration.hidden]
    return msgspec.structs.replace(query, fields=shown) if shown else query


def content_of(asked: Asked, exported: Exported) -> Content:
    """Returns the content of a file of exported records."""
    subject = asked.subject
    return Content(
        exported=exported,
        sheet=sheet_of(subject, exported, asked.dress_of, raw=asked.form.raw),
        records=asked.records_of(exported.columns),
        header=asked.form.header,
        title=_title(subject),
        asker=asked.caller.values.get("email") or "somebody who is not signed in",
        asked=Wording(subject, asked.find).lines(asked.query) if asked.form.made.paged else (),
        name_field=subject.declaration.name_field,
    )


def file_name(subject: Object, form: Form, exported: Exported) -> str:
    """Returns what a file is called: after the records, and the instant at which they were as they stand in it."""
    stamp = exported.at[:19].replace("-", "").replace(":", "").replace("T", "-")
    return f"{_title(subject)}-{stamp}.{form.made.ending}"


def _title(subject: Object) -> str:
    return subject.declaration.plural_label or subject.label
