"""The pages of docs/ that are written from the code: settings, events with their JSON Schemas, routes, commands."""

from cli.docs.commands import command_names
from cli.docs.pages import ROOT, pages, write

__all__ = ["ROOT", "command_names", "pages", "write"]
