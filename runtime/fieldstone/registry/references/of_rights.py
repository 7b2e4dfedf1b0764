"""What permission sets and policy tests name."""

from collections.abc import Iterator

from fieldstone.registry.catalog import Catalog, Item
from fieldstone.registry.references.mention import Mention, Path, Target
from fieldstone.registry.references.names import Names
from fieldstone.registry.references.of_data import of_capabilities


def of_permission(item: Item, _catalog: Catalog, names: Names) -> Iterator[Mention]:
    """Yields what a permission set names: the objects and fields of its grants, what its row policies look at, capabilities."""
    document = item.document
    for name in document.get("objects", {}):
        yield from names.object(("objects", name), name, "grant")
    for key in document.get("fields", {}):
        subject, _, field = key.partition(".")
        yield from names.field(("fields", key), subject, field, "grant")
    for number, policy in enumerate(document.get("rowLevelSecurity", ())):
        path = ("rowLevelSecurity", number)
        yield from names.object((*path, "object"), policy["object"], "row_policy")
        if policy["object"] != "*":
            for key in ("using", "check"):
                yield from names.expression((*path, key), policy["object"], policy.get(key), "row_policy")
    yield from of_capabilities(("systemPermissions",), document.get("systemPermissions", ()))


def of_policy_test(item: Item, catalog: Catalog, names: Names) -> Iterator[Mention]:
    """Yields what a policy test names: the sets of its people, the objects of its rows, and the fields of its sentences."""
    document, test = item.document, catalog.policy_tests[item.name]
    for who, user in document["users"].items():
        within: Path = ("users", who, "sets") if isinstance(user, dict) else ("users", who)
        for number, name in enumerate(user.get("sets", ()) if isinstance(user, dict) else user):
            yield Mention((*within, number), Target("permission", name), "test")
    for row, values in document.get("rows", {}).items():
        yield from names.object(("rows", row, "object"), values["object"], "test")
        for field in values:
            yield from names.field(("rows", row, field), values["object"], field, "test")
    for key in ("new", "change"):
        for name, values in document.get(key, {}).items():
            yield from names.object((key, name), name, "test")
            for field in values:
                yield from names.field((key, name, field), name, field, "test")
    for sentence in test.sentences:
        path: Path = (sentence.outlook, document[sentence.outlook].index(sentence.text))
        if sentence.object is not None:
            yield from names.object(path, sentence.object, "test")
            yield from names.field(path, sentence.object, sentence.field, "test")
