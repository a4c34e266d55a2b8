"""`baton dlq`: records that failed: see them, handle them again, or drop them."""

import asyncio
from typing import Annotated

import typer

from services.tools.keys import Json, _get, _post
from services.tools.show import table

dlq = typer.Typer(help="Parked records: list, show, replay, drop.", no_args_is_help=True)
Record = Annotated[str, typer.Argument(help="The record's id, from `baton dlq list`.")]
COLUMNS = ["service", "id", "topic", "key", "type", "reason", "attempts", "behind", "first_failed_at"]


@dlq.command("list")
def listed(
    as_json: Json = False, state: Annotated[str, typer.Option(help="parked, replayed or dropped.")] = "parked"
) -> None:
    """List parked records; exit 1 when there are any.

    Example: baton dlq list
    """
    rows = asyncio.run(_get(f"/v1/parked?state={state}"))
    table(rows, COLUMNS, as_json=as_json, empty="Nothing is parked.")
    raise typer.Exit(1 if rows and state == "parked" else 0)


@dlq.command()
def show(parked_id: Record) -> None:
    """Show one record with its body.

    Example: baton dlq show 0193b0c4-...
    """
    for name, value in asyncio.run(_get(f"/v1/parked/{parked_id}")).items():
        typer.echo(f"{name:16} {value}")


@dlq.command()
def replay(parked_id: Record) -> None:
    """Handle a record again, then those that wait behind it.

    Example: baton dlq replay 0193b0c4-...
    """
    typer.echo(asyncio.run(_post(f"/v1/parked/{parked_id}/replay"))["outcome"])


@dlq.command()
def drop(parked_id: Record) -> None:
    """Give a record up (it stays readable), then handle those that wait behind it.

    Example: baton dlq drop 0193b0c4-...
    """
    typer.echo(asyncio.run(_post(f"/v1/parked/{parked_id}/drop"))["outcome"])
