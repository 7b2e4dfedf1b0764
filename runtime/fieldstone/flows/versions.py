"""Versions of flows: a run keeps to the declaration that it began with, whose text is kept with the first run of it."""

from typing import Final

from fieldstone.engine.door import Door
from fieldstone.engine.own_rows import insert_own
from fieldstone.engine.records import Execute, read_first
from fieldstone.engine.unit import Unit
from fieldstone.engine.work import within
from fieldstone.errors import Internal, NotFound, SerializationFailure, UniqueViolation
from fieldstone.query.names import did_you_mean, shown
from fieldstone.registry.catalog import Catalog
from fieldstone.registry.flows.graph import Graph, StepKinds
from fieldstone.registry.flows.version import flow_of_text

VERSIONS: Final = "sys_flow_version"


class Versions:
    """The flows of a catalog, and those of earlier ones that runs began with."""

    def __init__(self, catalog: Catalog, kinds: StepKinds) -> None:
        self._catalog = catalog
        self._kinds = kinds
        self._ids: dict[tuple[str, str], str] = {}
        self._graphs: dict[str, Graph] = {}

    def find(self, name: str) -> Graph:
        """Returns a flow of today by name; raises NotFound."""
        graph = self._catalog.flows.get(name)
        if graph is None:
            raise NotFound(f"No flow `{shown(name)}`.", hint=did_you_mean(name, self._catalog.flows))
        return graph

    async def keep(self, door: Door, unit: Unit, graph: Graph) -> str:
        """Returns the id under which a flow of today is kept, within the Unit of a run that begins with it."""
        key = (graph.name, graph.version_hash)
        if key in self._ids:
            return self._ids[key]
        where = {"flow_name": graph.name, "fingerprint": graph.version_hash}
        found = await read_first(within(door, unit), VERSIONS, where, ("id",))
        if found is not None:
            self._note(key, found["id"], graph)
            return str(found["id"])
        number = graph.declaration.version if graph.declaration is not None else 1
        row = {**where, "declared_version": number, "declaration": graph.content.decode()}
        try:
            version_id = await insert_own(door, unit, VERSIONS, row)
        except UniqueViolation:
            raise SerializationFailure("Another run began with this version first.") from None
        unit.committed.append(lambda: self._note(key, version_id, graph))
        return version_id

    async def graph_of(self, execute: Execute, version_id: str) -> Graph:
        """Returns the flow of a run; raises DeclarationError where it does not fit the objects of today any more."""
        if version_id not in self._graphs:
            where = {"id": version_id}
            row = await read_first(execute, VERSIONS, where, ("flow_name", "fingerprint", "declaration"))
            if row is None:
                raise Internal(f"The flow version `{version_id}` is gone.")
            today = self._catalog.flows.get(row["flow_name"])
            if today is None or today.version_hash != row["fingerprint"]:
                file = f"{row['flow_name']}.flow.yaml"
                today = flow_of_text(row["declaration"].encode(), file, self._catalog, self._kinds)
            self._note((today.name, row["fingerprint"]), version_id, today)
        return self._graphs[version_id]

    def _note(self, key: tuple[str, str], version_id: str, graph: Graph) -> None:
        self._ids[key] = version_id
        self._graphs[version_id] = graph
