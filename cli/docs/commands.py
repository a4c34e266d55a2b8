"""Generate docs/commands.md: every command of `baton`, with its arguments, options and an example."""

import inspect
from collections.abc import Iterator
from typing import Any

import typer

from cli.docs import markdown
from cli.docs.markdown import table
from cli.lazy import LazyCommand

INTRO = "`baton COMMAND --help` shows the same text. Commands reach a running system over HTTP (`BATON_URL`, `BATON_ADMIN_KEY`).\nExit codes: 0 done, 1 bad news in the answer, 2 wrong use."


def command_names() -> set[str]:
    """The names of all commands and groups of `baton`, without the commands inside groups."""
    return set(_root().commands)


def command_paths() -> list[str]:
    """All commands as they are typed after `baton`: `keys create`, `up`, ..."""
    return [name for name, _ in _commands_below(_root())]


def page() -> str:
    """The Markdown text of the page."""
    return markdown.assemble_page(
        "Commands", INTRO, *(_chapter(name, command) for name, command in _commands_below(_root()))
    )


def _root() -> Any:
    from cli.__main__ import app

    return typer.main.get_command(app)


def _commands_below(group: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every command below a group with its path; lazy commands are loaded."""
    for name, entry in sorted(group.commands.items()):
        command = entry.load() if isinstance(entry, LazyCommand) else entry
        if hasattr(command, "commands"):
            yield from _commands_below(command, f"{prefix}{name} ")
        elif not command.hidden:
            yield f"{prefix}{name}", command


def _chapter(name: str, command: Any) -> str:
    description, _, example = inspect.cleandoc(command.help or "").partition("Example:")
    arguments = [_name(parameter) for parameter in command.params if parameter.param_type_name == "argument"]
    parts = [f"## baton {' '.join([name, *arguments])}", description.strip()]
    if example.strip():
        lines = "\n".join(f"    {line.strip()}" for line in example.strip().splitlines())
        parts.append(lines)
    rows = [
        (f"`{_name(parameter)}`", _default(parameter), parameter.help or "")
        for parameter in _visible_parameters(command)
    ]
    if rows:
        parts.append(table(("", "default", "meaning"), rows))
    return "\n\n".join(parts)


def _visible_parameters(command: Any) -> list[Any]:
    return [
        parameter
        for parameter in command.params
        if parameter.name != "help" and not getattr(parameter, "hidden", False)
    ]


def _name(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        name = str(parameter.metavar or parameter.name.upper())
        return name if parameter.nargs == 1 else f"{name}..."
    return ", ".join(parameter.opts)


def _default(parameter: Any) -> str:
    if parameter.required:
        return "required"
    value = parameter.default
    if value is None or value is False or value in ((), "") or callable(value):
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"
