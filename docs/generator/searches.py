"""The sections of the query language's page on searching, explanations and budgets."""

from docs.generator.markdown import code
from fieldstone.engine.explain import CAPABILITY
from fieldstone.errors import QueryTooExpensive
from fieldstone.query.search import LONGEST_WORD, SEARCHED_CHARACTERS
from fieldstone.settings import Limits

SEARCHING = f"""\
`search` narrows a query to the records that hold all of its words, beside any other condition; it does not change the
order. Searched are the fields of the object that say `searchable: true`, or, where none does, its `nameField`, as far
as the caller may read them; `searchFields` names some of them. A field that is hidden, absent or not searchable is
refused there in the same words, and words in a hidden field are never found.

A word is a run of letters and digits, whatever its case, in every alphabet; a Chinese or Japanese character is a word
by itself. Each word must occur in one of the fields, at the beginning of a word there: `print` finds `Printers`, `rint`
does not. Words that hang together, such as `follow-up`, must stand together. What is in double quotes is found as it
is, word for word:

    ?search=printer "paper jam"

The words of a record are kept with it: what is written is found from then on, and the two databases find the same.
The first {SEARCHED_CHARACTERS:,} characters of a text are searched, and the first {LONGEST_WORD} of a word. A search
takes at most {Limits().search_words} words, and must hold one.

`GET /search` finds records of all objects at once, by the same words, the best first:
[Search](../how-to/search.md)."""

EXPLANATIONS = f"""\
`?explain=true` on a list, or on the path of a posted query, answers in place of records how the query would be run; it
does not run it. It is for holders of the capability {code(CAPABILITY)}, and names no more than the query itself could.

The answer is `{{"shape": ..., "statements": [...], "rules": [...]}}`. `shape` is the query without its values. Each
statement has a `purpose` (`page`, `count`, `expand ...`), its `sql`, the types of its `binds` in place of their values,
the database's own `plan`, and `estimatedRows`: about how many rows it reads. `rules` are what the caller's policy added
to the object and to each that the query leads to: the `rule`, its `permissionSet`, and its `place` as `file:line`."""

BUDGETS = f"""\
A permission set may say `queryBudget: {{rows: 10000}}`. A query of an object that its holder reads by that set is then
refused with {code(QueryTooExpensive.code)} where the database's plan for it reads more rows, answered or not;
`details.index` names the fields of the index that would make it cheap. The largest budget of the sets that let somebody
read the object counts, and a set without one lifts it. The plan is looked at when a query of its shape comes for the
first time in a minute. On PostgreSQL the planner's numbers count; on SQLite a scan counts as its whole table, and a
search by a value other than the organisation as ten rows, unless `ANALYZE` has been run."""


def searches() -> tuple[str, ...]:
    """Returns the sections' parts."""
    return "## Searching", SEARCHING, "## Explanations", EXPLANATIONS, "## Budgets", BUDGETS
