"""Generate the pages of docs/ that describe the code: settings, events with JSON Schemas, routes, commands, lifecycles."""

from cli.docs.commands import command_names
from cli.docs.pages import ROOT, pages, write

__all__ = ["ROOT", "command_names", "pages", "write"]
