"""Lists that are asked again in the same words: their query and plan are made once, for as long as they are kept.

What depends on who asks beyond his policy, or on when, is made anew each time: a value of the caller, today, a path, an expansion.
"""

from functools import lru_cache

import msgspec
from msgspec import UNSET

from fieldstone.access.policy import Policy
from fieldstone.engine.operation import Asked
from fieldstone.engine.plans import PagePlan, Plans
from fieldstone.errors import Invalid
from fieldstone.query.ast import Query
from fieldstone.query.document import QueryDocument
from fieldstone.query.parse import parse_query
from fieldstone.query.viewpoint import KEPT, Viewpoint
from fieldstone.registry.catalog import Object
from fieldstone.settings import Limits

DEFAULT_PAGE = 50
"""The page size when nobody names one (contract 1.5)."""

MOST_KEPT = 1024


class ListPlan(msgspec.Struct, frozen=True, eq=False):
    """A list: its query, its plan, and what its cursors are bound to beside the caller."""

    query: Query
    plan: PagePlan
    binding: bytes


class Lists:
    """The plans of lists."""

    def __init__(self, plans: Plans, limits: Limits) -> None:
        """Takes the plans of statements, and how much may be asked."""
        self._plans = plans
        self._limits = limits
        self.kept = lru_cache(maxsize=MOST_KEPT)(self._kept)

    def parse(self, document: QueryDocument, subject: Object, policy: Policy, asker: Viewpoint) -> Query:
        """Returns the query of a document. Raises Invalid."""
        most = subject.declaration.max_page_size
        default = min(DEFAULT_PAGE, most)
        return parse_query(document, policy.shape, self._limits, max_page=most, default_page=default, viewpoint=asker)

    def plan(self, query: Query, document: QueryDocument, policy: Policy) -> ListPlan:
        """Returns the plan of a query that a document has become."""
        after = None if query.cursor is None else len(query.values)
        page = self._plans.page(policy, query.columns, query.where, query.order, after, query.offset > 0)
        conditions = (document.where, document.equals, document.search, document.search_fields)
        return ListPlan(query, page, page.binding + repr(conditions).encode("utf-8", "backslashreplace"))

    def _kept(self, asked: Asked, subject: Object, policy: Policy) -> ListPlan | None:
        """The plan of a list for whoever has the same policy, at any time; None where it depends on more than that."""
        if asked.document.expand is not UNSET:
            return None
        try:
            query = self.parse(asked.document, subject, policy, KEPT)
        except Invalid:
            return None
        return self.plan(query, asked.document, policy)
