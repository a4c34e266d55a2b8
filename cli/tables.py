"""Printing: a table for people, JSON for programs."""

from collections.abc import Sequence
from typing import Any

import orjson
import typer
from rich.console import Console
from rich.table import Table


def table(rows: Sequence[dict[str, Any]], columns: Sequence[str], *, as_json: bool, empty: str) -> None:
    """Print rows with the named columns, or all of it as JSON lines."""
    if as_json:
        for row in rows:
            typer.echo(orjson.dumps(row, default=str).decode())
        return
    if not rows:
        typer.echo(empty)
        return
    shown = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        shown.add_column(column.replace("_", " "), overflow="fold", no_wrap=column == "id")
    for row in rows:
        shown.add_row(*(_cell(row.get(column)) for column in columns))
    # A pipe gets whole lines, so that grep finds and an id can be copied.
    Console(width=None if Console().is_terminal else 10_000).print(shown)


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    return str(value)
