"""`baton migrate` and `baton openapi`: prepare the databases and topics, and describe the routes."""

import asyncio

import orjson
import typer

from cli.services import SERVICE_NAMES, build_all_services
from shared.base.settings import Settings, load
from shared.events.base import TOPICS
from shared.runtime.migrate import upgrade
from shared.runtime.resources import open_resources
from shared.store import engines


def migrate() -> None:
    """Bring every database schema to this program's version and create the topics.

    Example: baton migrate
    """
    asyncio.run(_migrate())
    typer.echo("Every schema is at this program's version, and the topics exist.")


async def _migrate() -> None:
    settings = load(Settings)
    async with open_resources(settings, list(SERVICE_NAMES)) as resources:
        await upgrade(resources, [engines.ACCESS, *SERVICE_NAMES])
        await resources.bus.start()
        try:
            await resources.bus.create(TOPICS)
        finally:
            await resources.bus.stop()


def openapi() -> None:
    """Print the OpenAPI description of every route.

    Example: baton openapi > openapi.json
    """
    typer.echo(orjson.dumps(asyncio.run(_openapi()), option=orjson.OPT_INDENT_2).decode())


async def _openapi() -> dict[str, object]:
    import tempfile
    from pathlib import Path

    from shared.runtime.app import build_app

    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder), secret_keys="x" * 32)
        async with open_resources(settings, list(SERVICE_NAMES)) as resources:
            return build_app(build_all_services(), resources, asyncio.Event()).openapi()
