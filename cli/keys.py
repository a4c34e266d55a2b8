"""`baton keys`: API keys, each for a person or a system and its roles."""

import asyncio
from typing import Annotated, Any

import typer

from cli.client import connect, get, post, request_json
from cli.tables import Json, print_rows
from shared.access.keys import ROLES, create_key
from shared.base.settings import Settings, load
from shared.runtime.resources import open_resources

group = typer.Typer(help="API keys for people and systems: create, list, revoke.", no_args_is_help=True)


@group.command()
def create(
    name: Annotated[str, typer.Argument(help="The person or system that the key is for.")],
    role: Annotated[list[str], typer.Option(help=f"One or more of {', '.join(ROLES)}.")],
    person: Annotated[
        str | None, typer.Option(help="The id or mail address of the person, if the key signs or acts for one.")
    ] = None,
) -> None:
    """Create an API key and print it. The key is shown only once.

    Example: baton keys create "website forms" --role intake
    """
    created = asyncio.run(_create(name, role, person))
    typer.secho(created["key"], bold=True)
    typer.echo(f"Key {created['id']} for {name} ({', '.join(role)}). The key is not shown again.", err=True)


async def _create(name: str, roles: list[str], person: str | None) -> dict[str, Any]:
    settings = load(Settings)
    if not settings.embedded and not settings.url:
        async with open_resources(settings, []) as resources:
            key_id, token = await create_key(resources.access, name, roles, person, "command line")
        return {"id": key_id, "key": token}
    async with connect(settings) as client:
        created: dict[str, Any] = await request_json(
            client, "POST", "/v1/keys", json={"name": name, "roles": roles, "person": person}
        )
    return created


@group.command("list")
def list_keys(as_json: Json = False) -> None:
    """List all API keys without their secrets.

    Example: baton keys list --json
    """
    rows = asyncio.run(get("/v1/keys"))
    print_rows(
        rows,
        ["id", "name", "person", "roles", "created_at", "revoked_at"],
        as_json=as_json,
        empty="There are no keys yet.",
    )


@group.command()
def revoke(key_id: Annotated[str, typer.Argument(help="The id of the key, from `baton keys list`.")]) -> None:
    """Revoke an API key at once.

    Example: baton keys revoke 0193b0c4-...
    """
    asyncio.run(post(f"/v1/keys/{key_id}/revoke"))
    typer.echo(f"Key {key_id} is revoked.")
