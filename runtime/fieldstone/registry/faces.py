"""What is declared for faces alone: views, dashboards and apps. Nothing is linked of them; all that they name is there."""

from collections.abc import Iterator, Mapping

from fieldstone.errors import Fault
from fieldstone.kinds.dashboard import DASHBOARD
from fieldstone.kinds.navigation import NAVIGATION
from fieldstone.kinds.view import VIEW
from fieldstone.registry.catalog import Action, Object
from fieldstone.registry.dashboards import dashboard_faults
from fieldstone.registry.documents import Document
from fieldstone.registry.known import Known
from fieldstone.registry.navigation import Destinations, navigation_faults
from fieldstone.registry.views import view_faults


def face_faults(
    by_kind: Mapping[str, Mapping[str, Document]],
    objects: Known[Object],
    actions: Known[Action],
    broken: frozenset[tuple[str, str]],
) -> Iterator[Fault]:
    """Yields everything wrong with what faces are told; of what is `broken` no more is said."""
    views, dashboards = by_kind[VIEW.name], by_kind[DASHBOARD.name]
    for document in views.values():
        yield from view_faults(document, objects)
    for document in dashboards.values():
        yield from dashboard_faults(document, objects)
    destinations = Destinations(objects, views, dashboards, actions, broken)
    for document in by_kind[NAVIGATION.name].values():
        yield from navigation_faults(document, destinations)
