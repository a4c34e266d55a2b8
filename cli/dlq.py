"""`baton dlq`: records that failed: see them, handle them again, or drop them."""

import asyncio
from enum import StrEnum
from typing import Annotated

import typer

from cli.keys import Json, _get, _post
from cli.tables import table

dlq = typer.Typer(help="What is parked: list, show, replay, drop.", no_args_is_help=True)
Record = Annotated[str, typer.Argument(help="The record's id, from `baton dlq list`.")]


class State(StrEnum):
    """What became of a record that failed."""

    PARKED = "parked"
    REPLAYED = "replayed"
    DROPPED = "dropped"


COLUMNS = ["service", "id", "topic", "key", "type", "reason", "attempts", "blocked", "first_failed_at"]


@dlq.command("list")
def listed(
    as_json: Json = False,
    state: Annotated[State, typer.Option(help="What became of them.")] = State.PARKED,
) -> None:
    """List what is parked: records that failed, and requests that could not be read; exit 1 when there are any.

    Example: baton dlq list
    """
    rows = asyncio.run(_get(f"/v1/dead-letters?state={state.value}"))
    table(rows, COLUMNS, as_json=as_json, empty=f"Nothing is {state.value}.")
    raise typer.Exit(1 if rows and state is State.PARKED else 0)


@dlq.command()
def show(parked_id: Record) -> None:
    """Show one record with its body.

    Example: baton dlq show 0193b0c4-...
    """
    for name, value in asyncio.run(_get(f"/v1/dead-letters/{parked_id}")).items():
        typer.echo(f"{name:16} {value}")


@dlq.command()
def replay(parked_id: Record) -> None:
    """Handle it again: a record with those that wait behind it, a request by the mapping that its door has now.

    Example: baton dlq replay 0193b0c4-...
    """
    typer.echo(asyncio.run(_post(f"/v1/dead-letters/{parked_id}/replay"))["outcome"])


@dlq.command()
def drop(parked_id: Record) -> None:
    """Give it up (it stays readable), then handle those that wait behind it.

    Example: baton dlq drop 0193b0c4-...
    """
    typer.echo(asyncio.run(_post(f"/v1/dead-letters/{parked_id}/drop"))["outcome"])
