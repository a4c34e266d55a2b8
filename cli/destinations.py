"""`baton targets`: where notices go besides people: webhook:NAME."""

import asyncio
from typing import Annotated

import typer

from cli.keys import Json, _get, _post
from cli.tables import table

targets = typer.Typer(help="Where notices go: webhook:NAME (a URL and its secret).", no_args_is_help=True)


@targets.command()
def create(
    name: Annotated[str, typer.Argument(help="NAME of webhook:NAME in the agreement.")],
    url: Annotated[str, typer.Argument(help="Where to post; https.")],
    local: Annotated[bool, typer.Option("--local", help="Allow http and a private address.")] = False,
) -> None:
    """Make a target; prints the secret (whsec_...) that its messages are signed with, this once.

    Example: baton targets create ops https://hooks.example.com/baton
    """
    made = asyncio.run(_post("/v1/destinations", {"name": name, "url": url, "local": local}))
    typer.echo(made["secret"])


@targets.command("list")
def listed(as_json: Json = False) -> None:
    """List the targets.

    Example: baton targets list
    """
    table(asyncio.run(_get("/v1/destinations")), ["name", "url", "local"], as_json=as_json, empty="No targets yet.")


@targets.command()
def rotate(name: str) -> None:
    """Give a target a new secret.

    Example: baton targets rotate ops
    """
    typer.echo(asyncio.run(_post(f"/v1/destinations/{name}/rotate"))["secret"])


@targets.command()
def revoke(name: str) -> None:
    """Switch a target off.

    Example: baton targets revoke ops
    """
    asyncio.run(_post(f"/v1/destinations/{name}/revoke"))
    typer.echo(f"Target {name} is off.")
