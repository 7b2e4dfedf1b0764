"""Questions on the command line: what narrows, orders and cuts records, in the language of the API."""

from typing import NamedTuple

from cyclopts import Parameter

from fieldstone.query.document import QueryDocument
from fieldstone.query.text_forms import read_parameters


@Parameter(name="*")
class Narrowing(NamedTuple):
    """What narrows, orders and cuts records.

    Parameters
    ----------
    where
        A condition, as JSON: `{"status": {"$eq": "open"}}`.
    select
        The fields, with commas between them.
    order_by
        Sort keys, with commas between them; a minus turns one round: `-priority,name`.
    search
        Words that must all occur in searchable fields.
    limit
        How many records at most.
    """

    where: str | None = None
    select: str | None = None
    order_by: str | None = None
    search: str | None = None
    limit: int | None = None

    @property
    def parameters(self) -> dict[str, str]:
        """What was said, by the names of the API."""
        said = zip(("where", "select", "orderBy", "search", "limit"), self, strict=True)
        return {name: str(value) for name, value in said if value is not None}

    def document(self, **more: str) -> QueryDocument:
        """Returns it, and more, as a query document. Raises Invalid for what cannot be read."""
        return read_parameters({**self.parameters, **more}.items())


NOT_NARROWED = Narrowing()
