"""The source as the house's tests see it: modules with their trees, and what each of them imports."""

import ast
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
RUNTIME = ROOT / "runtime"
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
LOADERS = ("import_module", "__import__", "late", "late_module")
NOT_SOURCE = {
    ".git",
    ".venv",
    "__pycache__",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    ".hypothesis",
    ".fieldstone",
}


class Module(NamedTuple):
    """A module: its dotted name, its file and its tree."""

    name: str
    path: Path
    tree: ast.Module

    @property
    def package(self) -> str:
        """The dotted name against which its relative imports count."""
        return self.name if self.path.name == "__init__.py" else self.name.rpartition(".")[0]


class Import(NamedTuple):
    """What one line brings in: the longest dotted name that is a module, or any name straight out of a top package."""

    target: str
    line: int


def modules_in(root: Path) -> dict[str, Module]:
    """Returns every module under a source root by its dotted name."""
    found = {}
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = Module(name, path, ast.parse(path.read_text(encoding="utf-8"), str(path)))
    return found


def imports_of(module: Module, known: dict[str, Module]) -> Iterator[Import]:
    """Yields every import of a module: at the top, late, for types only, relative, or by a constant name at run time."""
    for node in ast.walk(module.tree):
        match node:
            case ast.Import(names=names):
                yield from (Import(alias.name, node.lineno) for alias in names)
            case ast.ImportFrom(names=names):
                origin = _origin(module, node)
                for alias in names:
                    longer = f"{origin}.{alias.name}"
                    yield Import(longer if longer in known or "." not in origin else origin, node.lineno)
            case ast.Call(
                func=ast.Name(id=loader) | ast.Attribute(attr=loader), args=[ast.Constant(value=str(name)), *_]
            ):
                if loader in LOADERS:
                    yield Import(name.partition(":")[0], node.lineno)


def late_imports(module: Module) -> list[int]:
    """Returns the lines of the imports that stand inside functions."""
    functions = (node for node in ast.walk(module.tree) if isinstance(node, FUNCTIONS))
    inside = (node for function in functions for node in ast.walk(function))
    return sorted({node.lineno for node in inside if isinstance(node, ast.Import | ast.ImportFrom)})


def tracked_files(root: Path) -> Iterator[Path]:
    """Yields the project's own files: those that git tracks, or, without git, those outside of the tools' folders."""
    if shutil.which("git") and (root / ".git").exists():
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, check=True, capture_output=True, text=True).stdout
        yield from (path for name in listed.split("\0") if name and (path := root / name).is_file())
        return
    for path in sorted(root.rglob("*")):
        if path.is_file() and NOT_SOURCE.isdisjoint(path.relative_to(root).parts):
            yield path


def _origin(module: Module, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    parents = module.package.split(".")
    kept = parents[: len(parents) - node.level + 1]
    return ".".join([*kept, *([node.module] if node.module else [])])
