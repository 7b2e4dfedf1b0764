"""`fieldstone new`: writes the first files of an app, a package or an object. What it writes passes `fieldstone check`."""

import re
from pathlib import Path

from rich.console import Console

from fieldstone.errors import SettingsError
from fieldstone.registry.layout import APP_FILE, PACKAGE_FILE, shown

_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")


def app(name: str, /, *, package: list[str] | None = None) -> None:
    """Write `apps/NAME/app.yaml`.

    Parameters
    ----------
    name
        The app's name, such as `shop`.
    package
        A package that the app loads; may be given more than once. Unless given, the package of the app's own name, if there is one.
    """
    _require_name(name)
    own = [name] if (Path("packages") / name / PACKAGE_FILE).is_file() else []
    packages = own if package is None else package
    text = f"name: {name}\nlabel: {_label(name)}\npackages: [{', '.join(packages)}]\n"
    _write({Path("apps") / name / APP_FILE: text})
    _say(f"Next: fieldstone serve apps/{name}")


def package(name: str, /) -> None:
    """Write `packages/NAME/` with its `package.yaml`.

    Parameters
    ----------
    name
        The package's name, such as `shop`.
    """
    _require_name(name)
    text = f"name: {name}\nlabel: {_label(name)}\nversion: 0.1.0\ndescription: {_label(name)}.\n"
    _write({Path("packages") / name / PACKAGE_FILE: text})
    _say(f"Next: fieldstone new object NAME --package {name}; then name the package under `packages` in an app.yaml.")


def object_(name: str, /, *, package: str | None = None) -> None:
    """Write `objects/NAME.object.yaml` in a package.

    Parameters
    ----------
    name
        The object's name, such as `product`; it must be new among all objects.
    package
        The package's name under `packages/`, or its folder. Unless given, the package of the working directory, or the only one there is.
    """
    _require_name(name)
    label = _label(name)
    text = "\n".join(
        (
            f"name: {name}",
            f"label: {label}",
            f"pluralLabel: {label}s",
            f"description: {label}.",
            "nameField: name",
            "fields:",
            "  name: {type: text, required: true, maxLength: 120, searchable: true}",
            "  notes: {type: textarea, maxLength: 4000}",
            "",
        )
    )
    folder = _package_folder(package)
    _write({folder / "objects" / f"{name}.object.yaml": text})
    _say(f"Next: grant it in a permission set, then: fieldstone check {shown(folder)}")


def _package_folder(package: str | None) -> Path:
    if package is not None:
        for folder in (Path("packages") / package, Path(package)):
            if (folder / PACKAGE_FILE).is_file():
                return folder
        raise SettingsError(
            f"There is no package `{package}`.", hint=f"Make one with `fieldstone new package {package}`."
        )
    if Path(PACKAGE_FILE).is_file():
        return Path()
    found = sorted(path.parent for path in Path("packages").glob(f"*/{PACKAGE_FILE}"))
    if len(found) == 1:
        return found[0]
    if not found:
        raise SettingsError("There is no package to put it into.", hint="Make one with `fieldstone new package NAME`.")
    names = ", ".join(f"`{path.name}`" for path in found)
    raise SettingsError(f"It could go into any of {names}.", hint="Say which with `--package`.")


def _require_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise SettingsError(
            f"`{name}` cannot be a name.", hint="Use lower-case letters, digits and `_`, not beginning with a digit."
        )


def _write(files: dict[Path, str]) -> None:
    """Writes files that do not exist; writes none when one does."""
    for path in files:
        if path.exists():
            raise SettingsError(f"`{shown(path)}` exists already; nothing was written.")
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
        _say(f"Wrote {shown(path)}")


def _say(text: str) -> None:
    Console(highlight=False, soft_wrap=True).print(text, markup=False)


def _label(name: str) -> str:
    text = name.strip("_").replace("_", " ") or name
    return text[:1].upper() + text[1:]
