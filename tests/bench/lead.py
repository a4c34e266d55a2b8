"""Part 3: latency from the intended send of a webhook to the assignment and to the alert at a mail server, open loop."""

import asyncio
import random
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson

from tests.bench.bench_world import BenchWorld
from tests.bench.disk_probe import DiskProbe
from tests.bench.http_connection import HttpConnection
from tests.bench.report import Report, percentile, ratios
from tests.bench.sizes import Size
from tests.bench.timestamps import TimestampedMails, record_assignments
from tests.parts import Missing
from tests.parts.kafka import kafka
from tests.parts.postgres import postgres, temporary_database
from tests.running_system import RunningSystem, embedded_system, wide_system

SEED = 20_261_123
CONNECTIONS = 16
TIMEOUT = 30.0
STAGES = ("answered", "assigned", "alerted")
DURABLE = {
    "embedded": "one process, SQLite WAL synchronous=FULL",
    "wide": "six processes, Kafka one broker acks=all, PostgreSQL fsync on, synchronous_commit on",
}


@dataclass
class Deployment:
    """One form of the system (embedded or wide) and its latencies in seconds from the intended send, one list per round."""

    name: str
    world: BenchWorld
    mails: TimestampedMails
    seconds: dict[str, list[list[float]]] = field(default_factory=lambda: {stage: [] for stage in STAGES})


def run(size: Size, report: Report) -> None:
    """Measure the forms in alternation and print the results."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        sites = available_sites(stack, report, "lead   ")
        forms, probes = asyncio.run(_measure(sites, size, folder, report))
        for form in forms:
            stage_texts = []
            for stage in STAGES:
                milliseconds = [1000 * value for values in form.seconds[stage] for value in values]
                stage_texts.append(
                    f"{stage} p50 {percentile(milliseconds, 0.5):.0f} p99 {percentile(milliseconds, 0.99):.0f} ms"
                )
            report.add(
                f"lead    {form.name}: {', '.join(stage_texts)} [open loop, Poisson {size.rate:g}/s, {size.rounds} rounds of"
                f" {size.lead_seconds} s, from the intended send; {DURABLE[form.name]}; {probes[form.name].summary}]"
            )
        if len(forms) == 2:
            embedded, wide = ([percentile(values, 0.5) for values in form.seconds["alerted"]] for form in forms)
            report.add(f"lead    wide to embedded, alerted p50: {ratios(wide, embedded)} [same rounds, alternating]")


def available_sites(stack: ExitStack, report: Report, part: str) -> dict[str, RunningSystem]:
    """Start the system in each form that this machine can run; reports why the wide form is missing."""
    sites = {"embedded": stack.enter_context(embedded_system())}
    try:
        servers = stack.enter_context(kafka())
        database = stack.enter_context(temporary_database(stack.enter_context(postgres(durable=True))))
        sites["wide"] = stack.enter_context(wide_system(servers, database))
    except Missing as missing:
        report.add(f"{part} without the wide form: there is {missing}")
    return sites


async def _measure(
    sites: dict[str, RunningSystem], size: Size, folder: Path, report: Report
) -> tuple[list[Deployment], dict[str, DiskProbe]]:
    forms, probes = [], {}
    for name, site in sites.items():
        world = BenchWorld(site)
        await world.prepare()
        mails = TimestampedMails()
        site.mailbox.mails = mails
        forms.append(Deployment(name, world, mails))
        probes[name] = DiskProbe(folder)
    rng = random.Random(SEED)
    for number in range(size.rounds + 1):
        for form in forms:
            probe = DiskProbe(folder)
            with probe:
                seconds = await _round(form, size, rng, report)
            if number:  # round 0 warms up
                probes[form.name].milliseconds += probe.milliseconds
                for stage in STAGES:
                    form.seconds[stage].append(seconds[stage])
    for form in forms:
        await form.world.close()
    return forms, probes


async def _round(form: Deployment, size: Size, rng: random.Random, report: Report) -> dict[str, list[float]]:
    """Run one round: send, then wait up to 30 seconds until every lead is assigned and its alert has arrived."""
    intended, at = [], 0.0
    while (at := at + rng.expovariate(size.rate)) < size.lead_seconds:
        intended.append(at)
    async with record_assignments(form.world.system) as assigned:
        answered, leads = await _send_all(form.world, intended)
        deadline = time.perf_counter() + TIMEOUT
        while not leads.keys() <= assigned.keys() & form.mails.at.keys():
            if time.perf_counter() > deadline:
                break
            await asyncio.sleep(0.02)
    report.check(f"{form.name}, leads accepted", len(leads), len(intended))
    report.check(f"{form.name}, of those assigned", sum(lead in assigned for lead in leads), len(leads))
    report.check(f"{form.name}, of those alerted", sum(lead in form.mails.at for lead in leads), len(leads))
    return {
        "answered": answered,
        "assigned": [assigned[lead] - sent for lead, sent in leads.items() if lead in assigned],
        "alerted": [form.mails.at[lead] - sent for lead, sent in leads.items() if lead in form.mails.at],
    }


async def _send_all(world: BenchWorld, intended: list[float]) -> tuple[list[float], dict[str, float]]:
    """Send each request at its intended time on a free connection; returns the response times in seconds, and lead to intended time."""
    connections: asyncio.Queue[HttpConnection] = asyncio.Queue()
    for number in range(CONNECTIONS):
        connections.put_nowait(await HttpConnection.open("127.0.0.1", world.ports[number % len(world.ports)]))
    answered: list[float] = []
    leads: dict[str, float] = {}
    begin = time.perf_counter() + 0.05

    async def send_at(moment: float) -> None:
        await asyncio.sleep(max(0.0, moment - time.perf_counter()))
        connection = await connections.get()
        response = await connection.send(world.webhook_sender.next_request())
        connections.put_nowait(connection)
        if response.status == 202:
            answered.append(time.perf_counter() - moment)
            leads[orjson.loads(response.body)["leads"][0]] = moment

    await asyncio.gather(*(send_at(begin + at) for at in intended))
    while not connections.empty():
        connections.get_nowait().close()
    return answered, leads
