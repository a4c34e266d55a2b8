"""`baton destinations`: webhooks that receive notices, written `webhook:NAME` in the agreement."""

import asyncio
from typing import Annotated

import typer

from cli.client import get, post
from cli.tables import Json, print_rows

group = typer.Typer(help="Webhooks that receive notices: create, list, rotate, revoke.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="The NAME of `webhook:NAME` in the agreement.")]


@group.command()
def create(
    name: Name,
    url: Annotated[str, typer.Argument(help="The https URL that receives the notices.")],
    local: Annotated[bool, typer.Option("--local", help="Allow http and private addresses.")] = False,
) -> None:
    """Create a destination and print the secret that signs its notices (whsec_...). The secret is shown only once.

    Example: baton destinations create ops https://hooks.example.com/baton
    """
    destination = asyncio.run(post("/v1/destinations", {"name": name, "url": url, "local": local}))
    typer.echo(destination["secret"])


@group.command("list")
def list_destinations(as_json: Json = False) -> None:
    """List all destinations without their secrets.

    Example: baton destinations list
    """
    rows = asyncio.run(get("/v1/destinations"))
    print_rows(rows, ["name", "url", "local"], as_json=as_json, empty="There are no destinations yet.")


@group.command()
def rotate(name: Name) -> None:
    """Replace the secret of a destination and print the new one.

    Example: baton destinations rotate ops
    """
    typer.echo(asyncio.run(post(f"/v1/destinations/{name}/rotate"))["secret"])


@group.command()
def revoke(name: Name) -> None:
    """Stop sending notices to a destination.

    Example: baton destinations revoke ops
    """
    asyncio.run(post(f"/v1/destinations/{name}/revoke"))
    typer.echo(f"Destination {name} is revoked.")
