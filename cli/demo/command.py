"""`baton demo`: run the system with an example agreement, and simulate senders, reps and a mail server around it."""

import asyncio
import os
import random
import secrets
import shutil
import tempfile
from collections import Counter
from collections.abc import Coroutine
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import httpx
import typer

from cli.audit import print_result
from cli.demo import feed, reps, senders
from cli.demo.mailbox import Mailbox, mail_routes
from cli.reconciliation import Reconciliation, backlogged, reconcile
from cli.roster import read_reps
from cli.services import build_all_services
from shared.access.business_clock import set_clock
from shared.base.settings import Settings, load
from shared.base.telemetry import start_logging
from shared.runtime.process import Process
from shared.runtime.resources import read_run_file
from shared.runtime.server import serve

HERE = Path(__file__).resolve().parent
HQ_ZONE = ZoneInfo("America/New_York")
OPENING, CLOSING = time(9, 55), time(17, 35)
SUMMARY = ("received", "assigned", "accepted", "warned", "breached", "escalated", "reassigned")


def demo(
    speed: Annotated[float, typer.Option(help="Minutes of business time per real minute.")] = 60,
    for_: Annotated[float, typer.Option("--for", help="Real seconds to run; default: until Ctrl-C.")] = 0,
    port: Annotated[int, typer.Option(help="Port to listen on; 0 picks a free one.")] = 8080,
    every: Annotated[float, typer.Option(help="Average real seconds between two leads.")] = 2.0,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print the summary only.")] = False,
    seed: Annotated[int, typer.Option(help="The seed of the random people; the same seed gives the same people.")] = 7,
) -> None:
    """Run everything with an example agreement, a team of eight and a stream of leads.

    Example: baton demo --speed 60 --for 60
    """
    folder = Path(tempfile.mkdtemp(prefix="baton-demo-"))
    try:
        audit_failed = asyncio.run(Demo(folder, speed, for_, port, every, quiet, random.Random(seed)).run())
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    raise typer.Exit(1 if audit_failed else 0)


class Demo:
    """One run of the demo."""

    def __init__(
        self, folder: Path, speed: float, seconds: float, port: int, every: float, quiet: bool, rng: random.Random
    ) -> None:
        self.folder = folder
        self.speed = speed
        self.seconds = seconds
        self.port = port
        self.every = every
        self.quiet = quiet
        self.rng = rng
        self.counts: Counter[str] = Counter()
        self.stop = asyncio.Event()
        self.audit_failed = False

    async def run(self) -> bool:
        """Start the system, simulate people, and print the audit. Returns whether the audit found a problem."""
        self.mailbox = Mailbox()
        os.environ |= {"BATON_SMTP_HOST": "127.0.0.1", "BATON_SMTP_PORT": str(await self.mailbox.start())}
        os.environ |= {"BATON_SMTP_FROM": "Baton <baton@northwind.example>"}
        start_logging("text", "error")
        settings = load(
            Settings, data_dir=self.folder, port=self.port, host="127.0.0.1", clock="row", settle=timedelta(seconds=0.2)
        )
        running: list[asyncio.Task[None]] = []

        def ready(state: Process, url: str) -> None:
            state.app.include_router(mail_routes(self.mailbox))
            state.resources.context.public_url = url
            running.append(asyncio.create_task(self._play(state, url)))

        try:
            await serve(build_all_services(), settings, ready=ready)
        finally:
            self.stop.set()
            await asyncio.gather(*running, return_exceptions=True)
            self.mailbox.stop()
        for task in running:
            if not task.cancelled() and task.exception():
                raise task.exception() or RuntimeError
        return self.audit_failed

    async def _play(self, state: Process, url: str) -> None:
        try:
            run_file = read_run_file(self.folder)
            assert run_file is not None
            async with (
                httpx.AsyncClient(
                    base_url=url, headers={"Authorization": f"Bearer {run_file['key']}"}, timeout=30, trust_env=False
                ) as admin,
                httpx.AsyncClient(base_url=url, timeout=30, trust_env=False, follow_redirects=True) as visitor,
            ):
                await self._move_clock_to_morning(state, datetime.now(UTC))
                endpoints = await _set_up(admin)
                self._print_addresses(url)
                coroutines = [
                    feed.follow(admin, self.counts, self.stop, quiet=self.quiet),
                    senders.send_leads(visitor, endpoints, self.stop, self.rng, self.every),
                    reps.answer_mails(visitor, self.mailbox, self.stop, self.rng, self.speed),
                    self._skip_nights(state),
                ]
                await self._run_until_stopped(state, admin, coroutines)
        finally:
            state.stop.set()

    async def _run_until_stopped(
        self, state: Process, admin: httpx.AsyncClient, coroutines: list[Coroutine[Any, Any, None]]
    ) -> None:
        tasks = [asyncio.create_task(item) for item in coroutines]
        stopping = asyncio.create_task(state.stop.wait())
        try:
            await asyncio.wait(
                [stopping, *tasks[1:]],
                timeout=self.seconds or None,
                return_when=asyncio.FIRST_EXCEPTION if self.seconds else asyncio.FIRST_COMPLETED,
            )
            self.stop.set()
            if not state.stop.is_set():
                await asyncio.wait(tasks[1:], timeout=5)
                await self._print_summary(admin)
        finally:
            for task in (*tasks, stopping):
                task.cancel()
            await asyncio.gather(*tasks, stopping, return_exceptions=True)

    async def _print_summary(self, admin: httpx.AsyncClient) -> None:
        result, counts = await _audit_when_idle(admin)
        self.audit_failed = bool(result.problems)
        typer.echo("\nThis demo:")
        self.counts["received"] = next(line.count for line in result.totals if line.name == "received")
        for name in SUMMARY:
            typer.echo(f"  {self.counts[name]:8,}  {name}")
        typer.echo("\nThe audit:")
        print_result(result, counts)

    async def _move_clock_to_morning(self, state: Process, after: datetime) -> None:
        """Set the clock to 9:55 in New York on the next working day, when both offices are open."""
        day = after.astimezone(HQ_ZONE).date() + timedelta(days=1)
        while day.weekday() >= 5:
            day += timedelta(days=1)
        await set_clock(
            state.resources.access, datetime.combine(day, OPENING, HQ_ZONE).astimezone(UTC), self.speed, "demo"
        )

    async def _skip_nights(self, state: Process) -> None:
        """Move the clock to the next morning whenever the New York office has closed."""
        while not self.stop.is_set():
            now = state.resources.clock.local().now
            if now.astimezone(HQ_ZONE).time() > CLOSING:
                if not self.quiet:
                    typer.secho("The offices are closed; the demo continues the next morning.", fg="cyan")
                await self._move_clock_to_morning(state, now)
            try:
                await asyncio.wait_for(self.stop.wait(), 1)
            except TimeoutError:
                continue

    def _print_addresses(self, url: str) -> None:
        typer.secho(f"\nBaton is running: {url}", bold=True)
        typer.echo(f"  the live board      {url}/")
        typer.echo(f"  the mails           {url}/demo/mail")
        typer.echo(f"  One real minute is {self.speed:g} minutes of business time. Ctrl-C ends the demo.\n")


async def _set_up(admin: httpx.AsyncClient) -> senders.DemoEndpoints:
    """Import the roster and a list, sign and publish the agreement, and create three endpoints."""
    with (HERE / "roster.csv").open(encoding="utf-8", newline="") as lines:
        await _json_or_fail(admin.post("/v1/reps", json={"reps": read_reps(lines)}))
    await _json_or_fail(admin.put("/v1/lists/competitors", json={"values": ["initech.example"]}))
    draft = await _json_or_fail(admin.post("/v1/agreements", content=(HERE / "agreement.yaml").read_bytes()))
    for person, role in (("maya@northwind.example", "marketing"), ("sam@northwind.example", "manager")):
        key = (await _json_or_fail(admin.post("/v1/keys", json={"name": person, "roles": [role], "person": person})))[
            "key"
        ]
        headers = {"Authorization": f"Bearer {key}"}
        await _json_or_fail(admin.post(f"/v1/agreements/{draft['version']}/sign", headers=headers))
    await _json_or_fail(admin.post(f"/v1/agreements/{draft['version']}/publish"))
    endpoints = {}
    for source, scheme in (("hubspot_workflow", "v2"), ("standard", "v1"), ("generic", "bearer")):
        body = {"source": source, "scheme": scheme, "name": source}
        if source == "hubspot_workflow":
            body["secret"] = secrets.token_urlsafe(32)  # The client secret of the HubSpot app that the demo simulates.
        endpoint = await _json_or_fail(admin.post("/v1/endpoints", json=body))
        endpoints[source] = (endpoint["url"], endpoint["secret"])
    return senders.DemoEndpoints(endpoints["hubspot_workflow"], endpoints["standard"], endpoints["generic"])


async def _audit_when_idle(admin: httpx.AsyncClient) -> tuple[Reconciliation, dict[str, Any]]:
    """The result of the audit and its counts, taken when no service has a backlog, or after ten seconds."""
    for _ in range(40):
        counts: dict[str, Any] = await _json_or_fail(admin.get("/v1/audit"))
        if not backlogged(counts):
            break
        await asyncio.sleep(0.25)
    return reconcile(counts), counts


async def _json_or_fail(request: Coroutine[Any, Any, httpx.Response]) -> Any:
    response = await request
    if response.is_error:
        raise RuntimeError(f"The demo could not set itself up: {response.text}")
    return response.json()
