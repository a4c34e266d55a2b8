"""`baton lists`: the values of `in list:NAME`."""

import asyncio
import csv
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.client import ask, fail, live
from cli.keys import Json, _get
from cli.tables import table

group = typer.Typer(help="Lists that conditions name: import, list.", no_args_is_help=True)


@group.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="CSV with the column value, or one value a line.")],
    name: Annotated[str, typer.Option(help="The list's name; without it, the file's.")] = "",
) -> None:
    """Replace a list by the values of a file.

    Example: baton lists import competitors.csv
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            values = [row[0].strip() for row in csv.reader(lines) if row and row[0].strip()]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        fail(f"{file} cannot be read: {error}.")
    values = values[1:] if values and values[0].casefold() == "value" else values
    said = asyncio.run(_put(name or file.stem, values))
    typer.echo(f"The list {said['name']} has {said['values']} values.")


async def _put(name: str, values: list[str]) -> dict[str, Any]:
    async with live() as client:
        said: dict[str, Any] = await ask(client, "PUT", f"/v1/lists/{name}", json={"values": values})
    return said


@group.command("list")
def listed(as_json: Json = False) -> None:
    """List the lists.

    Example: baton lists list
    """
    table(asyncio.run(_get("/v1/lists")), ["name", "values", "hash"], as_json=as_json, empty="No lists yet.")
