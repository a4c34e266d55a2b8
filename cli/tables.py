"""Print rows as a table for people, or as JSON lines for programs."""

from collections.abc import Sequence
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.table import Table

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object per line.")]


def print_rows(rows: Sequence[dict[str, Any]], columns: Sequence[str], *, as_json: bool, empty: str) -> None:
    """Print the named columns of rows as a table, or whole rows as JSON lines; without rows print the sentence `empty`."""
    if as_json:
        for row in rows:
            typer.echo(orjson.dumps(row, default=str).decode())
        return
    if not rows:
        typer.echo(empty)
        return
    grid = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        grid.add_column(column.replace("_", " "), overflow="fold", no_wrap=column == "id")
    for row in rows:
        grid.add_row(*(_cell(row.get(column)) for column in columns))
    # A pipe gets unwrapped lines, so that grep works and an id can be copied.
    Console(width=None if Console().is_terminal else 10_000).print(grid)


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    return str(value)
