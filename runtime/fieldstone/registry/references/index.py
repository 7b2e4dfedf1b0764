"""Who names what: the mentions of all declarations, by what they name. One line for each kind that names anything."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence

from fieldstone.registry.catalog import Catalog, Item
from fieldstone.registry.references.mention import Mention, Target
from fieldstone.registry.references.names import Names
from fieldstone.registry.references.of_data import of_object, of_seed
from fieldstone.registry.references.of_deeds import of_action, of_flow, of_hook
from fieldstone.registry.references.of_faces import of_api, of_app, of_dashboard, of_translation, of_view
from fieldstone.registry.references.of_rights import of_permission, of_policy_test

Mentions = Callable[[Item, Catalog, Names], Iterator[Mention]]

MENTIONS: Mapping[str, Mentions] = {
    "object": of_object,
    "seed": of_seed,
    "permission": of_permission,
    "policy_test": of_policy_test,
    "action": of_action,
    "hook": of_hook,
    "flow": of_flow,
    "api": of_api,
    "view": of_view,
    "dashboard": of_dashboard,
    "app": of_app,
    "translation": of_translation,
}
"""By kind: what a declaration of it names."""

SILENT: Mapping[str, str] = {
    "capability": "It says what it is for, and no more.",
    "email_template": "It has places for values that whoever sends it gives.",
    "calendar": "It holds hours and days.",
}
"""The kinds that name nothing, and why."""

References = Mapping[Target, Sequence[tuple[Item, Mention]]]
"""By what is named: who names it, and where, in the catalog's order."""


def references_in(catalog: Catalog) -> References:
    """Returns who names what, among all that is declared."""
    names = Names(catalog.objects)
    found: defaultdict[Target, list[tuple[Item, Mention]]] = defaultdict(list)
    for kind, mentions in MENTIONS.items():
        for item in catalog.items.get(kind, {}).values():
            for mention in dict.fromkeys(mentions(item, catalog, names)):
                found[mention.target].append((item, mention))
    return found
