"""`baton demo`: up, with an example agreement, a team, senders, reps and a mailbox; everything through the real doors."""

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

from cli.audit import show
from cli.demo import feed, reps, senders
from cli.demo.mailbox import Mailbox, doors
from cli.roster import read
from cli.services import all_services
from cli.verdict import Verdict, judge
from shared.access.admin import set_clock
from shared.base.settings import Settings, load
from shared.base.telemetry import start_logging
from shared.runtime.process import Process
from shared.runtime.resources import read_run_file
from shared.runtime.server import serve

HERE = Path(__file__).resolve().parent
HQ = ZoneInfo("America/New_York")
OPENS, CLOSES = time(9, 55), time(17, 35)
SUMMARY = ("received", "assigned", "accepted", "warned", "breached", "escalated", "reassigned")


def demo(
    speed: Annotated[float, typer.Option(help="Minutes of business time in a real minute.")] = 60,
    for_: Annotated[float, typer.Option("--for", help="Real seconds to run; without it, until Ctrl-C.")] = 0,
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.")] = 8080,
    every: Annotated[float, typer.Option(help="Real seconds between two leads.")] = 2.0,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print the summary only.")] = False,
    seed: Annotated[int, typer.Option(help="The same seed gives the same people.")] = 7,
) -> None:
    """Everything at work with an example agreement, a team of eight and a stream of leads.

    Example: baton demo --speed 60 --for 60
    """
    folder = Path(tempfile.mkdtemp(prefix="baton-demo-"))
    try:
        wrong = asyncio.run(Demo(folder, speed, for_, port, every, quiet, random.Random(seed)).run())
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    raise typer.Exit(1 if wrong else 0)


class Demo:
    """One run of the demo."""

    def __init__(
        self, folder: Path, speed: float, seconds: float, port: int, every: float, quiet: bool, chance: random.Random
    ) -> None:
        self.folder = folder
        self.speed = speed
        self.seconds = seconds
        self.port = port
        self.every = every
        self.quiet = quiet
        self.chance = chance
        self.counts: Counter[str] = Counter()
        self.stop = asyncio.Event()
        self.wrong = False

    async def run(self) -> bool:
        """Everything up, then the people around it; returns whether the audit found anything wrong."""
        self.mailbox = Mailbox()
        os.environ |= {"BATON_SMTP_HOST": "127.0.0.1", "BATON_SMTP_PORT": str(await self.mailbox.start())}
        os.environ |= {"BATON_SMTP_FROM": "Baton <baton@northwind.example>"}
        start_logging("text", "error")
        settings = load(
            Settings, data_dir=self.folder, port=self.port, host="127.0.0.1", clock="row", settle=timedelta(seconds=0.2)
        )
        running: list[asyncio.Task[None]] = []

        def ready(state: Process, url: str) -> None:
            state.app.include_router(doors(self.mailbox))
            state.resources.context.public_url = url
            running.append(asyncio.create_task(self._lead_on(state, url)))

        try:
            await serve(all_services(), settings, ready=ready)
        finally:
            self.stop.set()
            await asyncio.gather(*running, return_exceptions=True)
            self.mailbox.stop()
        for task in running:
            if not task.cancelled() and task.exception():
                raise task.exception() or RuntimeError
        return self.wrong

    async def _lead_on(self, state: Process, url: str) -> None:
        try:
            run = read_run_file(self.folder)
            assert run is not None
            async with (
                httpx.AsyncClient(
                    base_url=url, headers={"Authorization": f"Bearer {run['key']}"}, timeout=30, trust_env=False
                ) as admin,
                httpx.AsyncClient(base_url=url, timeout=30, trust_env=False, follow_redirects=True) as anybody,
            ):
                await self._put_clock(state, datetime.now(UTC))
                found = await _furnish(admin)
                self._welcome(url)
                work = [
                    feed.follow(admin, self.counts, self.stop, quiet=self.quiet),
                    senders.send(anybody, found, self.stop, self.chance, self.every),
                    reps.work(anybody, self.mailbox, self.stop, self.chance, self.speed),
                    self._skip_nights(state),
                ]
                await self._until_the_end(state, admin, work)
        finally:
            state.stop.set()

    async def _until_the_end(
        self, state: Process, admin: httpx.AsyncClient, work: list[Coroutine[Any, Any, None]]
    ) -> None:
        tasks = [asyncio.create_task(item) for item in work]
        ends = asyncio.create_task(state.stop.wait())
        try:
            await asyncio.wait(
                [ends, *tasks[1:]],
                timeout=self.seconds or None,
                return_when=asyncio.FIRST_EXCEPTION if self.seconds else asyncio.FIRST_COMPLETED,
            )
            self.stop.set()
            if not state.stop.is_set():
                await asyncio.wait(tasks[1:], timeout=5)
                await self._sum_up(admin)
        finally:
            for task in (*tasks, ends):
                task.cancel()
            await asyncio.gather(*tasks, ends, return_exceptions=True)

    async def _sum_up(self, admin: httpx.AsyncClient) -> None:
        verdict, terms = await _audited(admin)
        self.wrong = bool(verdict.wrong)
        typer.echo("\nIn this demo:")
        self.counts["received"] = next(line.count for line in verdict.lines if line.what == "received")
        for name in SUMMARY:
            typer.echo(f"  {self.counts[name]:8,}  {name}")
        typer.echo("\nThe audit:")
        show(verdict, terms)

    async def _put_clock(self, state: Process, near: datetime) -> None:
        """Begin within working hours of both zones: 9:55 in New York, the next working day."""
        day = near.astimezone(HQ).date() + timedelta(days=1)
        while day.weekday() >= 5:
            day += timedelta(days=1)
        await set_clock(state.resources.access, datetime.combine(day, OPENS, HQ).astimezone(UTC), self.speed, "demo")

    async def _skip_nights(self, state: Process) -> None:
        """When headquarters has closed, the demo goes on with the next morning."""
        while not self.stop.is_set():
            now = state.resources.clock.local().now
            if now.astimezone(HQ).time() > CLOSES:
                if not self.quiet:
                    typer.secho("The offices are closed; the demo goes on in the morning.", fg="cyan")
                await self._put_clock(state, now)
            try:
                await asyncio.wait_for(self.stop.wait(), 1)
            except TimeoutError:
                continue

    def _welcome(self, url: str) -> None:
        typer.secho(f"\nBaton is running: {url}", bold=True)
        typer.echo(f"  the live board      {url}/")
        typer.echo(f"  the mails           {url}/demo/mail")
        typer.echo(f"  one minute is {self.speed:g} minutes of business time. Ctrl-C ends the demo.\n")


async def _furnish(admin: httpx.AsyncClient) -> senders.Doors:
    """Roster, lists, the agreement signed by two people's keys and published, and three doors."""
    with (HERE / "roster.csv").open(encoding="utf-8", newline="") as lines:
        await _ok(admin.post("/v1/reps", json={"reps": read(lines)}))
    await _ok(admin.put("/v1/lists/competitors", json={"values": ["initech.example"]}))
    made = await _ok(admin.post("/v1/agreements", content=(HERE / "agreement.yaml").read_bytes()))
    for person, role in (("maya@northwind.example", "marketing"), ("sam@northwind.example", "manager")):
        key = (await _ok(admin.post("/v1/keys", json={"name": person, "roles": [role], "person": person})))["key"]
        own = {"Authorization": f"Bearer {key}"}
        await _ok(admin.post(f"/v1/agreements/{made['version']}/sign", headers=own))
    await _ok(admin.post(f"/v1/agreements/{made['version']}/publish"))
    found = {}
    for source, scheme in (("hubspot_workflow", "v2"), ("standard", "v1"), ("generic", "bearer")):
        wanted = {"source": source, "scheme": scheme, "name": source}
        if source == "hubspot_workflow":
            wanted["secret"] = secrets.token_urlsafe(32)  # The client secret of the app that the demo plays.
        door = await _ok(admin.post("/v1/endpoints", json=wanted))
        found[source] = (door["url"], door["secret"])
    return senders.Doors(found["hubspot_workflow"], found["standard"], found["generic"])


async def _audited(admin: httpx.AsyncClient) -> tuple[Verdict, dict[str, Any]]:
    """The verdict once nothing moves any more, or after ten seconds."""
    for _ in range(40):
        terms: dict[str, Any] = await _ok(admin.get("/v1/audit"))
        if not any(found["backlog"]["outbox"] or found["backlog"]["lag"] for found in terms.values()):
            break
        await asyncio.sleep(0.25)
    return judge(terms), terms


async def _ok(request: Coroutine[Any, Any, httpx.Response]) -> Any:
    answer = await request
    if answer.is_error:
        raise RuntimeError(f"The demo could not set itself up: {answer.text}")
    return answer.json()
