"""`baton lists`: lists of values for `in list:NAME` conditions."""

import asyncio
import csv
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.client import connect, fail, get, request_json
from cli.tables import Json, print_rows

group = typer.Typer(help="Lists for `in list:NAME` conditions: import, list.", no_args_is_help=True)


@group.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A CSV file with the column `value`, or one value per line.")],
    name: Annotated[str, typer.Option(help="The name of the list; default: the name of the file.")] = "",
) -> None:
    """Replace the values of a list by those of a file.

    Example: baton lists import competitors.csv
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            values = [row[0].strip() for row in csv.reader(lines) if row and row[0].strip()]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        fail(f"{file} cannot be read: {error}.")
    values = values[1:] if values and values[0].casefold() == "value" else values
    result = asyncio.run(_put(name or file.stem, values))
    typer.echo(f"The list {result['name']} has {result['values']} values.")


async def _put(name: str, values: list[str]) -> dict[str, Any]:
    async with connect() as client:
        result: dict[str, Any] = await request_json(client, "PUT", f"/v1/lists/{name}", json={"values": values})
    return result


@group.command("list")
def list_lists(as_json: Json = False) -> None:
    """List all lists with their sizes.

    Example: baton lists list
    """
    print_rows(
        asyncio.run(get("/v1/lists")), ["name", "values", "hash"], as_json=as_json, empty="There are no lists yet."
    )
