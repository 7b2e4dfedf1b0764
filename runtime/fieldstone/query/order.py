"""Orders: the `orderBy` of a query document, in any spelling, becomes sort keys. Refuses what cannot be sorted by."""

from typing import Any

from fieldstone.errors import Invalid
from fieldstone.query.ast import OrderKey
from fieldstone.query.names import shown
from fieldstone.query.operators import SORTABLE
from fieldstone.query.paths import Paths
from fieldstone.query.storage import ObjectShape
from fieldstone.query.text_forms import read_order
from fieldstone.query.viewpoint import NOWHERE, Viewpoint
from fieldstone.settings import Limits

BY_ID = OrderKey("id")
ID_ALONE = (BY_ID,)


def parse_order(
    order_by: Any, shape: ObjectShape, limits: Limits, viewpoint: Viewpoint = NOWHERE
) -> tuple[OrderKey, ...]:
    """Returns the sort keys, `id` last; nothing after an `id` could matter, so it ends the order wherever it stands."""
    keys = sort_keys(order_by, shape, limits, viewpoint)
    if "id" not in keys:
        return (*keys.values(), BY_ID)
    names = list(keys)
    return tuple(keys[name] for name in names[: names.index("id") + 1])


def sort_keys(order_by: Any, shape: ObjectShape, limits: Limits, viewpoint: Viewpoint) -> dict[str, OrderKey]:
    """Returns the keys of an order as it was sent, by the names in it. Raises Invalid."""
    keys: dict[str, OrderKey] = {}
    sent = read_order(order_by)
    if len(sent) > limits.order_keys:
        raise _bad_sort(f"An order takes at most {limits.order_keys} keys.")
    paths = Paths(shape, viewpoint.related, limits.relation_depth)
    for name, descending in sent:
        reached = paths.reach(name, "orderBy", reason="INVALID_SORT", unknown="INVALID_SORT")
        if reached.field.comparison not in SORTABLE:
            raise _bad_sort(f"`{name}` holds nothing that can be sorted.")
        if name in keys:
            raise _bad_sort(f"`{shown(name)}` is named twice.")
        keys[name] = OrderKey(reached.field.name, descending, reached.through)
    return keys


def _bad_sort(message: str) -> Invalid:
    return Invalid(message, reason="INVALID_SORT", path="orderBy")
