"""Lazy commands: their files are imported only when called, so that `baton up` and `baton --help` start fast."""

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

COMMANDS = {
    "demo": (
        "cli.demo.command:demo",
        "Run everything with an example agreement, a team of eight and a stream of leads.",
    ),
    "agreement": ("cli.agreement:group", "Service level agreements: new, check, print, sign, publish, history."),
    "audit": ("cli.audit:audit", "Check that no lead is lost and that all counts add up; exit 1 if one does not."),
    "bench": ("cli.bench:bench", "Explain how to run the benchmarks."),
    "deadline": ("cli.deadline:deadline", "Show when something is due and how that was computed."),
    "destinations": ("cli.destinations:group", "Webhooks that receive notices: create, list, rotate, revoke."),
    "dlq": ("cli.dlq:group", "Dead letters: list, show, replay, drop."),
    "doctor": ("cli.doctor:doctor", "Check settings, databases, bus and mail server; exit 1 if one has a problem."),
    "endpoints": ("cli.endpoints:group", "Webhook endpoints for senders: create, list, rotate, revoke, try."),
    "keys": ("cli.keys:group", "API keys for people and systems: create, list, revoke."),
    "lists": ("cli.lists:group", "Lists for `in list:NAME` conditions: import, list."),
    "migrate": ("cli.ops:migrate", "Bring every database schema to this program's version and create the topics."),
    "openapi": ("cli.ops:openapi", "Print the OpenAPI description of every route."),
    "roster": ("cli.roster:group", "People who own and manage leads: import, export."),
}
"""Command name -> (`module:attribute` of its function or Typer group, the line that `baton --help` shows)."""


class LazyCommand(TyperCommand):
    """A command that is listed with its short help and loaded when it is called."""

    def __init__(self, name: str, source: str, help: str) -> None:
        super().__init__(name, help=help)
        self._source = source

    def load(self) -> Any:
        """Import the file of the command and build the real command or group from it."""
        module, _, attribute = self._source.partition(":")
        loaded = getattr(import_module(module), attribute)
        if isinstance(loaded, typer.Typer):
            command: Any = typer.main.get_group(loaded)
        else:
            app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
            app.command(self.name)(loaded)
            command = typer.main.get_command(app)
        command.name = self.name
        return command

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """Parse the arguments with the real command, which then runs instead of this stand-in."""
        return self.load().make_context(info_name, args, parent=parent, **extra)


class LazyGroup(TyperGroup):
    """The root command: the processes that Baton runs, followed by the lazy commands."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        for name, (source, help) in COMMANDS.items():
            self.commands[name] = LazyCommand(name, source, help)
