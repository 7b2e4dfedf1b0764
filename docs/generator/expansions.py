"""The section of the query language's page on records within records."""

from docs.generator.markdown import code, table
from fieldstone.query.expand import KEYS
from fieldstone.settings import Limits

LIMITS = Limits()

NAMES = f"""\
`expand` answers whole records within records, up to {LIMITS.relation_depth} levels deep. A name in it is one of two
things.

A *reference field* (`lookup`, `master_detail`, `user`, `owner_id`, `created_by`, `updated_by`): the record that it
points to stands in place of the id. Where that record is absent, invisible to the caller, or does not satisfy the
`where` of the expansion, the id stays as it is. The field is among the answered ones even if `fields` leaves it out. In
a reference of several records those that are there stand in its place, in its order, and the others are left out.

An *object whose records refer here*: a list of these records stands under its name, perhaps an empty one. Where two of
its fields refer here, the map form names one: `ticket.owner_id`. A field goes before an object of the same name; the
object is then still to be had as `object.field`. A reference that holds several ids is not followed from the other
side. An object that the caller may not list, and a reference that is hidden from him, are no such names: they are
refused as one that does not exist.

Each level is answered under the caller's own policy for its object, without the fields that are hidden from him, and
takes one statement for each name, however many records it hangs on. All lists of an answer hold at most
{LIMITS.expand_rows:,} records together; what asks for more is refused."""

FORMS = """\
The list form is names, with dots between the levels; in a GET, with commas between them:

    ?expand=customer.region,comment

The map form says what to answer of each, in a body or as the JSON of a GET's `expand`:

    {"customer": {"fields": ["name"], "expand": ["region"]}, "comment": {"orderBy": "-created_at", "limit": 3}}

What a name of the map form asks for has these keys, all of them optional; `orderBy` and `limit` are for lists alone."""


def expansions() -> tuple[str, ...]:
    """Returns the section's parts."""
    return "## Records within records", NAMES, FORMS, table(("key", "meaning"), [(code(k), v) for k, v in KEYS.items()])
