"""Complements: the filter of exactly the other rows, and what a filter says of a record without values.

Logic is two-valued, so that every filter has one (contract 1.3).
"""

from fieldstone.query.ast import EVERYTHING, NOTHING, And, Filter, Not, Or, Term
from fieldstone.query.operators import NEGATED, OPERATORS


def complement(item: Filter) -> Filter:
    """Returns the exact complement of a filter, in the plainest form."""
    if item == NOTHING:
        return EVERYTHING
    if item == EVERYTHING:
        return NOTHING
    if isinstance(item, Not):
        return item.item
    if isinstance(item, Term) and item.operator in NEGATED:
        return Term(item.field, NEGATED[item.operator], item.operand)
    return Not(item)


def holds_without_values(item: Filter) -> bool:
    """Tells whether comparisons, and what joins them, hold of a record that has no value in any field."""
    match item:
        case And(items=items):
            return all(holds_without_values(part) for part in items)
        case Or(items=items):
            return any(holds_without_values(part) for part in items)
        case Not(item=part):
            return not holds_without_values(part)
        case Term(operator=operator):
            return OPERATORS[operator].matches_absent
    return False
