"""The code of packages: the table `HANDLERS` in a package's `handlers.py`, loaded once, and every fault of it with its line.

Nothing registers itself: what is not in the table is not there. Code comes with a package's folder, never over the API.
"""

import inspect
import sys
import traceback
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import msgspec

from fieldstone.errors import Fault, Place
from fieldstone.query.names import did_you_mean
from fieldstone.registry.codes import Code
from fieldstone.registry.documents import Document
from fieldstone.registry.layout import shown

HANDLERS_FILE = "handlers.py"
TABLE = "HANDLERS"

Handler = Callable[[Any, Any], Awaitable[Any]]
"""An `async` function of two arguments: a `Context`, and what it is called with (of an action an `ActionCall`, of a hook a `Change`,
of a step its inputs by name)."""


class Handlers(msgspec.Struct, frozen=True):
    """Functions by the names under which declarations call them: those of actions, of hooks, and of steps of type `script`."""

    actions: Mapping[str, Handler] = {}
    hooks: Mapping[str, Handler] = {}
    functions: Mapping[str, Handler] = {}


def load_handlers(folders: Mapping[str, Path]) -> tuple[Handlers, list[Fault]]:
    """Returns the handlers of packages, given by name with their folders, in one table, and everything wrong with their files."""
    faults: list[Fault] = []
    tables: dict[str, dict[str, Handler]] = {name: {} for name in Handlers.__struct_fields__}
    for name, folder in folders.items():
        path = folder / HANDLERS_FILE
        if not path.is_file():
            continue
        found = _table_of(name, path)
        if isinstance(found, Fault):
            faults.append(found)
            continue
        for table, known in tables.items():
            for called, handler in getattr(found, table).items():
                faults += _handler_faults(path, table, called, handler, known)
                known.setdefault(called, handler)
    return Handlers(**tables), faults


def named_handler(
    document: Document, name: str | None, handlers: Handlers, table: Literal["actions", "hooks"]
) -> tuple[Handler | None, list[Fault]]:
    """Returns the handler of a name, None where none is named, and the fault of a name that no package has."""
    known = handlers.actions if table == "actions" else handlers.hooks
    if name is None or name in known:
        return known.get(name or ""), []
    hint = did_you_mean(name, known) or f"Put it under `{table}` in the package's `handlers.py`."
    message = f"No package has a handler `{name}` for {table}."
    return None, [document.fault(("handler",), Code.UNKNOWN_PART, message, hint)]


def handler_sources(folders: Iterable[Path]) -> bytes:
    """Returns the code of packages as it stands, which counts into the version of their catalog."""
    paths = (folder / HANDLERS_FILE for folder in folders)
    return b"\0".join(path.read_bytes() for path in paths if path.is_file())


class _Broken(Exception):
    """A file that cannot be loaded."""

    def __init__(self, line: int, column: int, message: str) -> None:
        super().__init__(message)
        self.line = line
        self.column = column
        self.message = message


def _table_of(package: str, path: Path) -> Handlers | Fault:
    try:
        module = _run(package, path)
    except _Broken as broken:
        return Fault(Place(shown(path), broken.line, broken.column), Code.HANDLERS, broken.message)
    table = getattr(module, TABLE, None)
    if isinstance(table, Handlers):
        return table
    message = f"There is no `{TABLE}`." if table is None else f"`{TABLE}` is no `Handlers`."
    return _fault(path, 1, message, f"Say `{TABLE} = Handlers(actions={{...}})`.")


def _run(package: str, path: Path) -> ModuleType:
    """Returns the module of a file, run anew; raises _Broken."""
    spec = spec_from_file_location(f"fieldstone_package_{package}", path)
    if spec is None or spec.loader is None:
        raise _Broken(1, 1, "Python cannot load the file.")
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    except SyntaxError as error:
        raise _Broken(error.lineno or 1, error.offset or 1, f"This is no Python: {error.msg}.") from error
    except Exception as error:
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
        message = f"It cannot be loaded: {type(error).__name__}: {error}."
        raise _Broken((lines or [1])[-1] or 1, 1, message) from error
    return module


def _handler_faults(path: Path, table: str, name: str, handler: Any, known: Mapping[str, Handler]) -> Iterator[Fault]:
    line = getattr(getattr(handler, "__code__", None), "co_firstlineno", 1)
    if not inspect.iscoroutinefunction(handler):
        yield _fault(path, line, f"`{name}` in `{table}` is no `async` function.", "Write `async def`.")
    if name in known:
        yield Fault(
            Place(shown(path), line, 1),
            Code.NAME_CLASH,
            f"Another package has a `{name}` in its `{table}`.",
            "Rename one.",
        )


def _fault(path: Path, line: int, message: str, hint: str | None = None) -> Fault:
    return Fault(Place(shown(path), line, 1), Code.HANDLERS, message, hint)
