"""Flows from their text alone: a run that began with an earlier version goes on with that one, whatever the files say by now."""

from pathlib import PurePath

from fieldstone.errors import DeclarationError
from fieldstone.kinds.flow import FLOW, FlowDeclaration
from fieldstone.registry.catalog import Catalog
from fieldstone.registry.decode import decode
from fieldstone.registry.documents import Document
from fieldstone.registry.flows.graph import Graph, StepKinds
from fieldstone.registry.flows.link import Named, link_flow
from fieldstone.registry.known import Known
from fieldstone.registry.source import decode_text, parse


def named_by(catalog: Catalog) -> Named:
    """Returns what the steps of any flow may name."""
    flows = {name: flow.declaration for name, flow in catalog.flows.items() if flow.declaration is not None}
    return Named(flows, catalog.calendars, catalog.handlers.functions)


def flow_of_text(content: bytes, file: str, catalog: Catalog, kinds: StepKinds) -> Graph:
    """Returns the flow of a declaration's content against the objects of today; raises DeclarationError when it does not fit them."""
    text, faults = decode_text(content, file)
    source, misspelt = parse(text, file) if text is not None else (None, [])
    faults += misspelt
    declared, wrong = decode(source, FlowDeclaration, file) if source is not None and not faults else (None, [])
    if source is None or declared is None:
        raise DeclarationError([*faults, *wrong])
    name = PurePath(file).name.removesuffix(f".{FLOW.name}.yaml")
    document = Document(FLOW.name, name, "", file, file, content, source, declared)
    graph, wrong = link_flow(document, Known(catalog.objects), kinds, named_by(catalog))
    if graph is None:
        raise DeclarationError(wrong)
    return graph
