"""How a command reaches the system: over HTTP when it runs, else by taking the lock and calling the same code."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NoReturn

import httpx
import typer
from fastapi import FastAPI

from cli.services import NAMES, all_services
from shared.base.errors import CannotStart
from shared.base.settings import Settings, load
from shared.events.base import TOPICS
from shared.runtime import migrate
from shared.runtime.app import build_app
from shared.runtime.resources import open_resources, read_run_file

BAD_NEWS, WRONG_USE = 1, 2


@asynccontextmanager
async def live(settings: Settings | None = None, *, whole: bool = False) -> AsyncIterator[httpx.AsyncClient]:
    """A client for the running system.

    Embedded and nothing running: the same code on the data directory, under its lock. Wide: BATON_URL, or where that is
    not set, or where all four services are asked (`whole`), the same code on their databases. Neither runs the loops: a
    look at a stopped system sends no mail and calls nothing late."""
    settings = settings or load(Settings)
    found = await found_live(settings)
    if found and not (whole and not settings.embedded and settings.database_url):
        url, key = found
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        async with httpx.AsyncClient(base_url=url, headers=headers, timeout=30, trust_env=False) as client:
            yield client
        return
    async with open_resources(settings, list(NAMES)) as resources:
        if settings.embedded:
            await migrate.prepare(resources, all_services())
        await resources.bus.start()
        if settings.embedded:
            await resources.bus.create(TOPICS)
        await resources.access.load()
        try:
            resources.loopback = True
            async with _inside(build_app(all_services(), resources, asyncio.Event())) as client:
                yield client
        finally:
            await resources.bus.stop()


def _inside(app: FastAPI) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost", timeout=60)


async def found_live(settings: Settings) -> tuple[str, str] | None:
    """Where the system answers, and the key to use; None when none was found."""
    if settings.url:
        return settings.url, settings.admin_key
    run = read_run_file(settings.data_dir) if settings.embedded else None
    if run is None:
        return None
    try:
        async with httpx.AsyncClient(timeout=3, trust_env=False) as client:
            await client.get(f"{run['url']}/healthz")
    except httpx.HTTPError:
        return None
    return run["url"], run["key"]


async def ask(client: httpx.AsyncClient, method: str, path: str, **request: Any) -> Any:
    """Ask and return the JSON; a refusal ends the command with its sentence."""
    try:
        response = await client.request(method, path, **request)
    except httpx.HTTPError as error:
        fail(f"The system at {client.base_url} does not answer ({type(error).__name__}); is it running?")
    if response.status_code >= 400:
        try:
            detail = response.json()["detail"]
        except (ValueError, KeyError, TypeError):
            detail = (
                f"{client.base_url} answered {response.status_code}, and not as Baton does; is this the right address?"
            )
        fail(detail)
    return response.json()


def fail(sentence: str, code: int = WRONG_USE) -> NoReturn:
    """End the command with one sentence on stderr."""
    typer.secho(sentence, fg="red", err=True)
    raise typer.Exit(code)


def stop_with(error: CannotStart) -> NoReturn:
    """End the command because the process cannot start."""
    fail(error.sentence)
