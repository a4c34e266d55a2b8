"""docs/commands.md: every command of `baton`, its arguments, its options and an example."""

import inspect
from collections.abc import Iterator
from typing import Any

import typer

from cli.docs import markdown
from cli.docs.markdown import table

INTRO = (
    "`baton COMMAND --help` says the same. Commands on a live system speak HTTP to it (`BATON_URL`, `BATON_ADMIN_KEY`)."
)


def command_names() -> set[str]:
    """Every command and group that `baton` knows, without those inside a group."""
    return set(_root().commands)


def whole_names() -> list[str]:
    """Every command as it is typed after `baton`: `keys create`, `up`, ..."""
    return [name for name, _ in _leaves(_root())]


def page() -> str:
    """The whole page."""
    return markdown.page("Commands", INTRO, *(_chapter(name, command) for name, command in _leaves(_root())))


def _root() -> Any:
    from cli.__main__ import whole

    return typer.main.get_command(whole())


def _leaves(group: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    for name, command in sorted(group.commands.items()):
        if hasattr(command, "commands"):
            yield from _leaves(command, f"{before}{name} ")
        elif not command.hidden:
            yield f"{before}{name}", command


def _chapter(name: str, command: Any) -> str:
    said, _, example = inspect.cleandoc(command.help or "").partition("Example:")
    words_of = [_name(parameter) for parameter in command.params if parameter.param_type_name == "argument"]
    parts = [f"## baton {' '.join([name, *words_of])}", said.strip()]
    if example.strip():
        lines = "\n".join(f"    {line.strip()}" for line in example.strip().splitlines())
        parts.append(lines)
    rows = [(f"`{_name(parameter)}`", _default(parameter), parameter.help or "") for parameter in _shown(command)]
    if rows:
        parts.append(table(("", "default", "meaning"), rows))
    return "\n\n".join(parts)


def _shown(command: Any) -> list[Any]:
    return [one for one in command.params if one.name != "help" and not getattr(one, "hidden", False)]


def _name(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        name = str(parameter.metavar or parameter.name.upper())
        return name if parameter.nargs == 1 else f"{name}..."
    return ", ".join(parameter.opts)


def _default(parameter: Any) -> str:
    if parameter.required:
        return "needed"
    value = parameter.default
    if value is None or value is False or value in ((), "") or callable(value):
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"
