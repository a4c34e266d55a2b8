"""The HTTP client of the commands: calls the running system, or the same routes inside this process if none runs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NoReturn

import httpx
import typer
from fastapi import FastAPI

from cli.services import SERVICE_NAMES, build_all_services
from shared.base.settings import Settings, load
from shared.events.base import TOPICS
from shared.runtime import migrate
from shared.runtime.app import build_app
from shared.runtime.resources import open_resources, read_run_file

BAD_NEWS, WRONG_USE = 1, 2


@asynccontextmanager
async def connect(
    settings: Settings | None = None, *, all_services_needed: bool = False
) -> AsyncIterator[httpx.AsyncClient]:
    """A client for the running system.

    In embedded mode without a running process, the routes run in this process on the data directory, under its lock.
    In the wide form BATON_URL is used; without it, or if the answers of all four services are needed
    (`all_services_needed`), the routes run in this process on the databases. Neither starts background loops, so
    reading a stopped system sends no mail and breaches nothing.
    """
    settings = settings or load(Settings)
    running = await find_running(settings)
    if running and not (all_services_needed and not settings.embedded and settings.database_url):
        url, key = running
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        async with httpx.AsyncClient(base_url=url, headers=headers, timeout=30, trust_env=False) as client:
            yield client
        return
    async with open_resources(settings, list(SERVICE_NAMES)) as resources:
        if settings.embedded:
            await migrate.prepare(resources, build_all_services())
        await resources.bus.start()
        if settings.embedded:
            await resources.bus.create(TOPICS)
        await resources.access.load()
        try:
            resources.loopback = True
            async with _in_process_client(build_app(build_all_services(), resources, asyncio.Event())) as client:
                yield client
        finally:
            await resources.bus.stop()


def _in_process_client(app: FastAPI) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost", timeout=60)


async def find_running(settings: Settings) -> tuple[str, str] | None:
    """The URL of the running system and the API key to use; None if no system runs."""
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


async def request_json(client: httpx.AsyncClient, method: str, path: str, **request: Any) -> Any:
    """Send a request and return the JSON answer; a refusal ends the command with its sentence."""
    try:
        response = await client.request(method, path, **request)
    except httpx.HTTPError as error:
        fail(
            f"The system at {client.base_url} does not answer ({type(error).__name__}); start it, or correct BATON_URL."
        )
    if response.status_code >= 400:
        try:
            detail = response.json()["detail"]
        except (ValueError, KeyError, TypeError):
            detail = f"{client.base_url} answered {response.status_code}, but not as Baton does; check the URL."
        fail(detail)
    return response.json()


async def get(path: str) -> Any:
    """Connect, GET a path and return its JSON; a refusal ends the command with its sentence."""
    async with connect() as client:
        return await request_json(client, "GET", path)


async def post(path: str, body: dict[str, Any] | None = None) -> Any:
    """Connect, POST a JSON body and return the JSON answer; a refusal ends the command with its sentence."""
    async with connect() as client:
        return await request_json(client, "POST", path, json=body or {})


def fail(sentence: str, code: int = WRONG_USE) -> NoReturn:
    """End the command with one sentence on stderr."""
    typer.secho(sentence, fg="red", err=True)
    raise typer.Exit(code)
