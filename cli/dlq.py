"""`baton dlq`: list, show, replay and drop dead letters."""

import asyncio
from enum import StrEnum
from typing import Annotated

import typer

from cli.client import BAD_NEWS, get, post
from cli.tables import Json, print_rows

group = typer.Typer(help="Dead letters: list, show, replay, drop.", no_args_is_help=True)
DeadLetterId = Annotated[str, typer.Argument(help="The id of the dead letter, from `baton dlq list`.")]


class State(StrEnum):
    """The state of a dead letter."""

    OPEN = "open"
    REPLAYED = "replayed"
    DROPPED = "dropped"


COLUMNS = ["service", "id", "topic", "key", "type", "reason", "attempts", "blocked", "first_failed_at"]


@group.command("list")
def list_dead_letters(
    as_json: Json = False,
    state: Annotated[State, typer.Option(help="List the dead letters in this state.")] = State.OPEN,
) -> None:
    """List dead letters: records that failed and requests that could not be read; exit 1 if any are open.

    Example: baton dlq list
    """
    rows = asyncio.run(get(f"/v1/dead-letters?state={state.value}"))
    print_rows(rows, COLUMNS, as_json=as_json, empty=f"No dead letters are {state.value}.")
    raise typer.Exit(BAD_NEWS if rows and state is State.OPEN else 0)


@group.command()
def show(dead_letter_id: DeadLetterId) -> None:
    """Show one dead letter with its body.

    Example: baton dlq show 0193b0c4-...
    """
    for name, value in asyncio.run(get(f"/v1/dead-letters/{dead_letter_id}")).items():
        typer.echo(f"{name:16} {value}")


@group.command()
def replay(dead_letter_id: DeadLetterId) -> None:
    """Handle a dead letter again, then the records that wait behind it. A request is read with its endpoint's present mapping.

    Example: baton dlq replay 0193b0c4-...
    """
    typer.echo(asyncio.run(post(f"/v1/dead-letters/{dead_letter_id}/replay"))["outcome"])


@group.command()
def drop(dead_letter_id: DeadLetterId) -> None:
    """Give up on a dead letter, then handle the records that wait behind it. A dropped one can still be shown.

    Example: baton dlq drop 0193b0c4-...
    """
    typer.echo(asyncio.run(post(f"/v1/dead-letters/{dead_letter_id}/drop"))["outcome"])
