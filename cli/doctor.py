"""`baton doctor`: check the settings, the databases, the bus, the mail server and the running system."""

import asyncio
from collections.abc import Awaitable, Callable

import aiosmtplib
import httpx
import typer

from cli.client import BAD_NEWS, find_running
from cli.services import SERVICE_NAMES
from services.notifier.settings import Settings as NotifierSettings
from shared.base.errors import BatonError
from shared.base.hosts import is_loopback
from shared.base.keyring import load_keyring
from shared.base.settings import Settings, load
from shared.runtime.migrate import versions
from shared.runtime.resources import Resources, open_resources
from shared.store import engines

TIMEOUT = 15.0
"""Seconds that one check may take."""


def doctor() -> None:
    """Check settings, databases, bus and mail server; exit 1 if one has a problem.

    Example: baton doctor
    """
    checks = Checks()
    asyncio.run(_check_all(checks))
    for sentence in checks.passed:
        typer.secho(f"  ok       {sentence}", fg="green")
    for sentence in checks.problems:
        typer.secho(f"  problem  {sentence}", fg="red")
    count = len(checks.problems)
    typer.echo(f"{count} problem{'' if count == 1 else 's'} found." if count else "Everything can be reached.")
    raise typer.Exit(BAD_NEWS if count else 0)


class Checks:
    """The results of all checks: a sentence for each one that passed, and for each problem."""

    def __init__(self) -> None:
        self.passed: list[str] = []
        self.problems: list[str] = []

    async def run(self, subject: str, check: Callable[[], Awaitable[str]]) -> None:
        """Run one check, which returns its sentence; any exception becomes a problem of the subject."""
        try:
            self.passed.append(await asyncio.wait_for(check(), TIMEOUT))
        except BatonError as error:
            self.problems.append(error.sentence)
        except Exception as error:  # Any exception of a check is a finding to report.
            reason = str(error).splitlines()[0] if str(error) else "no answer"
            self.problems.append(f"{subject}: {type(error).__name__}: {reason}.")


async def _check_all(checks: Checks) -> None:
    try:
        settings = _check_settings(checks)
        running = await find_running(settings)
        if running and settings.embedded:
            await checks.run("The running system", lambda: _check_ready(running[0]))
            await checks.run("The mail server", _check_mail)
        else:
            await _check_backends(checks, settings)
    except BatonError as error:
        checks.problems.append(error.sentence)


def _check_settings(checks: Checks) -> Settings:
    """Load the settings. Raises BatonError when they cannot be used at all."""
    settings = load(Settings)
    settings.require_one_width()
    load_keyring(settings.secret_keys, settings.data_dir, embedded=settings.embedded)
    checks.passed.append(f"The settings are complete ({'embedded' if settings.embedded else 'wide'}).")
    if settings.embedded and not is_loopback(settings.host) and not settings.public_url:
        checks.problems.append(
            f"BATON_PUBLIC_URL is not set, so links in mails point to http://{settings.host}:{settings.port};"
            " set it to the URL by which people and senders reach this system."
        )
    return settings


async def _check_backends(checks: Checks, settings: Settings) -> None:
    async with open_resources(settings, list(SERVICE_NAMES)) as resources:
        for name in (engines.ACCESS, *SERVICE_NAMES):
            await checks.run(f"The schema {name}", lambda name=name: _check_schema(resources, name))  # type: ignore[misc]
        await checks.run("The bus", lambda: _check_bus(resources))
        await checks.run("The mail server", _check_mail)
        if settings.url:
            await checks.run("The system at BATON_URL", lambda: _check_ready(settings.url))


async def _check_schema(resources: Resources, name: str) -> str:
    current, required = await versions(resources, name)
    if current != required:
        raise BatonError(
            f"The schema {name} is at version {current or 'none'}, this program needs {required}; run: baton migrate"
        )
    return f"The schema {name} is at version {current}."


async def _check_bus(resources: Resources) -> str:
    try:
        await resources.bus.start()
        await resources.bus.check()
    finally:
        await resources.bus.stop()
    return "The bus answers, and every topic exists."


async def _check_mail() -> str:
    settings = load(NotifierSettings)
    if not settings.smtp_host:
        raise BatonError("BATON_SMTP_HOST is not set, so no mail can be sent; set it to the name of your mail server.")
    address = f"{settings.smtp_host}:{settings.smtp_port}"
    client = aiosmtplib.SMTP(hostname=settings.smtp_host, port=settings.smtp_port, timeout=5)
    try:
        await client.connect()
        await client.quit()
    except (aiosmtplib.SMTPException, OSError) as error:
        raise BatonError(
            f"The mail server {address} does not answer ({type(error).__name__}); check BATON_SMTP_HOST."
        ) from error
    return f"The mail server {address} answers."


async def _check_ready(url: str) -> str:
    async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
        try:
            readiness = (await client.get(f"{url}/readyz")).json()
        except (httpx.HTTPError, ValueError) as error:
            setting = "BATON_URL" if load(Settings).url else "run.json in the data directory"
            raise BatonError(f"No Baton answers at {url} (from {setting}); start it, or correct {setting}.") from error
    if readiness["problems"]:
        raise BatonError(f"The system at {url} is not ready: {' '.join(readiness['problems'])}")
    return f"The system at {url} is ready."
