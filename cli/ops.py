"""`baton migrate`, `baton doctor`, `baton openapi`: the installation itself."""

import asyncio
from collections.abc import Awaitable, Callable

import orjson
import typer

from cli.client import BAD_NEWS
from cli.services import NAMES, all_services
from shared.base.errors import BatonError
from shared.base.hosts import is_loopback
from shared.base.keyring import load_keyring
from shared.base.settings import Settings, load
from shared.events.base import TOPICS
from shared.runtime.migrate import upgrade, versions
from shared.runtime.resources import Resources, open_resources
from shared.store import engines


def migrate() -> None:
    """Bring every schema to this program's version, and create the topics.

    Example: baton migrate
    """
    asyncio.run(_migrate())
    typer.echo("Every schema is at this program's version, and the topics are there.")


async def _migrate() -> None:
    settings = load(Settings)
    async with open_resources(settings, list(NAMES)) as resources:
        await upgrade(resources, [engines.ACCESS, *NAMES])
        await resources.bus.start()
        try:
            await resources.bus.create(TOPICS)
        finally:
            await resources.bus.stop()


def doctor() -> None:
    """Reach everything, and say what is wrong in a sentence each; exit 1 when anything is.

    Example: baton doctor
    """
    troubles, fine = asyncio.run(_doctor())
    for sentence in fine:
        typer.secho(f"  fine    {sentence}", fg="green")
    for sentence in troubles:
        typer.secho(f"  wrong   {sentence}", fg="red")
    typer.echo("Everything can be reached." if not troubles else f"{len(troubles)} to mend.")
    raise typer.Exit(BAD_NEWS if troubles else 0)


async def _doctor() -> tuple[list[str], list[str]]:
    troubles: list[str] = []
    fine: list[str] = []

    async def tried(what: str, work: Callable[[], Awaitable[str | None]]) -> None:
        try:
            said = await asyncio.wait_for(work(), 15)
            fine.append(said or what)
        except BatonError as error:
            troubles.append(error.sentence)
        except Exception as error:  # whatever it is, it is the diagnosis
            troubles.append(
                f"{what}: {type(error).__name__}: {str(error).splitlines()[0] if str(error) else 'no answer'}."
            )

    try:
        settings = load(Settings)
        settings.require_one_width()
        load_keyring(settings.secret_keys, settings.data_dir, embedded=settings.embedded)
        fine.append(f"The settings are whole ({'embedded' if settings.embedded else 'wide'}).")
    except BatonError as error:
        return [error.sentence], fine
    from cli.client import found_live

    if settings.embedded and not is_loopback(settings.host) and not settings.public_url:
        troubles.append(
            f"BATON_PUBLIC_URL is not set, so links in mails point to http://{settings.host}:{settings.port};"
            " set it to how people and senders reach this installation."
        )
    live = await found_live(settings)
    if live and settings.embedded:
        await tried("The running system", lambda: _ready(live[0]))
        await tried("The mail server", _mail)
        return troubles, fine
    try:
        async with open_resources(settings, list(NAMES)) as resources:
            for name in (engines.ACCESS, *NAMES):
                await tried(f"The schema {name}", lambda name=name: _schema(resources, name))  # type: ignore[misc]
            await tried("The bus", lambda: _bus(resources))
            await tried("The mail server", _mail)
            if settings.url:
                await tried("The system at BATON_URL", lambda: _ready(settings.url))
    except BatonError as error:
        troubles.append(error.sentence)
    return troubles, fine


async def _schema(resources: Resources, name: str) -> str:
    have, want = await versions(resources, name)
    if have != want:
        raise BatonError(
            f"The schema {name} is at version {have or 'none'}, this program needs {want}; run: baton migrate"
        )
    return f"The schema {name} is at version {have}."


async def _bus(resources: Resources) -> str:
    try:
        await resources.bus.start()
        await resources.bus.check()
    finally:
        await resources.bus.stop()
    return "The bus answers, and every topic takes a record of 8 MiB."


async def _mail() -> str:
    import aiosmtplib

    from services.notifier.settings import Settings as Notifier

    settings = load(Notifier)
    if not settings.smtp_host:
        raise BatonError("BATON_SMTP_HOST is not set here; a system with this setting can send no mail.")
    client = aiosmtplib.SMTP(hostname=settings.smtp_host, port=settings.smtp_port, timeout=5)
    try:
        await client.connect()
        await client.quit()
    except (aiosmtplib.SMTPException, OSError) as error:
        place = f"{settings.smtp_host}:{settings.smtp_port}"
        raise BatonError(
            f"The mail server {place} does not answer ({type(error).__name__}); see BATON_SMTP_HOST."
        ) from error
    return f"The mail server {settings.smtp_host}:{settings.smtp_port} answers."


async def _ready(url: str) -> str:
    import httpx

    async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
        try:
            said = (await client.get(f"{url}/readyz")).json()
        except (httpx.HTTPError, ValueError) as error:
            where = "BATON_URL" if load(Settings).url else "the data directory's run.json"
            raise BatonError(f"Nothing of Baton answers at {url} ({where}); start it, or mend that.") from error
    if said["troubles"]:
        raise BatonError(f"The system at {url} is not ready: {' '.join(said['troubles'])}")
    return f"The system at {url} is ready."


def openapi() -> None:
    """Print the OpenAPI description of every door.

    Example: baton openapi > openapi.json
    """
    typer.echo(orjson.dumps(asyncio.run(_openapi()), option=orjson.OPT_INDENT_2).decode())


async def _openapi() -> dict[str, object]:
    import tempfile
    from pathlib import Path

    from shared.runtime.app import build_app

    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder), secret_keys="x" * 32)
        async with open_resources(settings, list(NAMES)) as resources:
            return build_app(all_services(), resources, asyncio.Event()).openapi()
