"""How large an expression may be and how much work one evaluation may do: every bound of the language, in one place."""

SOURCE_CHARACTERS = 20_000
NODES = 2_000
DEPTH = 64

ITERATIONS = 10_000
"""Steps that all macros of one evaluation may take together."""
LIST_ITEMS = 10_000
"""Items of a list that a macro walks or that `+` makes."""

PATTERN_CHARACTERS = 200
MATCHED_CHARACTERS = 10_000
MATCH_STEPS = 100_000_000
"""The most that a search for a pattern may cost by the worst estimate; about a second."""

INTEGER_MAXIMUM = 2**63 - 1
INTEGER_MINIMUM = -(2**63)
DECIMAL_DIGITS = 100
"""Digits that exact arithmetic keeps; more than any column holds."""
