"""`baton keys`: API keys, each for a person or a system and its roles."""

import asyncio
from typing import Annotated, Any

import typer

from cli.client import ask, live
from cli.tables import table
from shared.access.admin import ROLES, create_key
from shared.base.settings import Settings, load
from shared.runtime.resources import open_resources

keys = typer.Typer(help="API keys, each for a person or a system and its roles.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="Print JSON lines.")]


@keys.command()
def create(
    name: Annotated[str, typer.Argument(help="Who or what the key is for.")],
    role: Annotated[list[str], typer.Option(help=f"One or more of {', '.join(ROLES)}.")],
    person: Annotated[
        str | None, typer.Option(help="The person's id or address, when it signs or acts for one.")
    ] = None,
) -> None:
    """Make a key; it is shown this once.

    Example: baton keys create "website forms" --role intake
    """
    found = asyncio.run(_create(name, role, person))
    typer.secho(found["key"], bold=True)
    typer.echo(f"Key {found['id']} for {name} ({', '.join(role)}). It is not shown again.", err=True)


async def _create(name: str, roles: list[str], person: str | None) -> dict[str, Any]:
    settings = load(Settings)
    if not settings.embedded and not settings.url:
        async with open_resources(settings, []) as resources:
            key_id, token = await create_key(resources.access, name, roles, person, "command line")
        return {"id": key_id, "key": token}
    async with live(settings) as client:
        made: dict[str, Any] = await ask(
            client, "POST", "/v1/keys", json={"name": name, "roles": roles, "person": person}
        )
    return made


@keys.command("list")
def listed(as_json: Json = False) -> None:
    """List the keys, without their secrets.

    Example: baton keys list --json
    """
    rows = asyncio.run(_get("/v1/keys"))
    table(rows, ["id", "name", "person", "roles", "created_at", "revoked_at"], as_json=as_json, empty="No keys yet.")


@keys.command()
def revoke(key_id: Annotated[str, typer.Argument(help="The key's id, from `baton keys list`.")]) -> None:
    """Switch a key off at once.

    Example: baton keys revoke 0193b0c4-...
    """
    asyncio.run(_post(f"/v1/keys/{key_id}/revoke"))
    typer.echo(f"Key {key_id} is off.")


async def _get(path: str) -> Any:
    async with live() as client:
        return await ask(client, "GET", path)


async def _post(path: str, body: dict[str, Any] | None = None) -> Any:
    async with live() as client:
        return await ask(client, "POST", path, json=body or {})
