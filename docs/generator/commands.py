"""The page of commands: the command line as it is declared."""

from collections.abc import Iterator

import msgspec
from cyclopts import App
from cyclopts.argument import Argument
from docstring_parser import parse

from docs.generator.markdown import code, fenced, page, table
from fieldstone.cli import build_app

INTRODUCTION = """\
`fieldstone` is installed by `make install` as `.venv/bin/fieldstone`. Every command shows its help with `--help`,
and ends with 1 when it fails. [Settings](settings.md) come from the environment."""


class Command(msgspec.Struct, frozen=True):
    """A command that does something: its words, and how cyclopts knows it."""

    words: str
    app: App


def commands(app: App | None = None, words: tuple[str, ...] = ("fieldstone",)) -> Iterator[Command]:
    """Yields every command of the command line that does something."""
    app = app or build_app()
    if app.default_command is not None:
        yield Command(" ".join(words), app)
    for name in app:
        if not name.startswith("-"):
            yield from commands(app[name], (*words, name))


def commands_page() -> str:
    """Returns the page."""
    return page("Commands", INTRODUCTION, *map(_section, commands()))


def _section(command: Command) -> str:
    collected = list(command.app.assemble_argument_collection())
    arguments = [item for item in collected if not item.children]
    documented = parse(command.app.help)
    groups = [param for item in collected if item.children for param in parse(item.hint.__doc__ or "").params]
    meanings = {param.arg_name: " ".join((param.description or "").split()) for param in (*documented.params, *groups)}
    usage = " ".join([command.words, *map(_usage, arguments)])
    rows = [(code(_name(item)), meanings[item.field_info.name], _default(item)) for item in arguments]
    about = [documented.short_description or "", documented.long_description or ""]
    table_of_arguments = table(("argument", "meaning", "unless given"), rows)
    return "\n\n".join([f"## {code(command.words)}", *filter(None, about), fenced(usage), table_of_arguments])


def _name(argument: Argument) -> str:
    return argument.names[0]


def _usage(argument: Argument) -> str:
    name = _name(argument)
    word = (
        name if not name.startswith("-") else (name if argument.hint is bool else f"{name} {name.strip('-').upper()}")
    )
    return word if argument.required else f"[{word}]"


def _default(argument: Argument) -> str:
    default = argument.field_info.default
    if argument.required:
        return "**required**"
    return code(default) if default not in (None, False, (), "") else ""
