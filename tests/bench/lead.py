"""Part 3: from the intended send of a webhook to its assignment and to the alert at a mail server, open loop."""

import asyncio
import random
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson

from tests.bench.disk import Probe
from tests.bench.floor import Floor
from tests.bench.report import Report, ratios, share
from tests.bench.size import Size
from tests.bench.stamps import Stamped, assignments
from tests.bench.wire import Wire
from tests.parts import Missing
from tests.parts.kafka import kafka
from tests.parts.postgres import fresh_database, postgres
from tests.running_system import RunningSystem, embedded_system, wide_system

SEED = 20_261_123
CONNECTIONS = 16
LATE = 30.0
STAGES = ("answered", "assigned", "alerted")
DURABLE = {
    "embedded": "one process, SQLite WAL synchronous=FULL",
    "wide": "six processes, Kafka one broker acks=all, PostgreSQL fsync on, synchronous_commit on",
}


@dataclass
class Form:
    """One width of the system and what was measured on it, seconds from the intended send; one list for each round."""

    name: str
    floor: Floor
    mails: Stamped
    took: dict[str, list[list[float]]] = field(default_factory=lambda: {stage: [] for stage in STAGES})


def run(size: Size, report: Report) -> None:
    """Measure, alternating, and print."""
    with ExitStack() as ends:
        folder = Path(ends.enter_context(TemporaryDirectory()))
        sites = both(ends, report, "lead   ")
        forms, probes = asyncio.run(_measured(sites, size, folder, report))
        for form in forms:
            words = []
            for stage in STAGES:
                every = [1000 * value for values in form.took[stage] for value in values]
                words.append(f"{stage} p50 {share(every, 0.5):.0f} p99 {share(every, 0.99):.0f} ms")
            report.say(
                f"lead    {form.name}: {', '.join(words)} [open loop, Poisson {size.rate:g}/s, {size.rounds} rounds of"
                f" {size.lead_seconds} s, from the intended send; {DURABLE[form.name]}; {probes[form.name].words}]"
            )
        if len(forms) == 2:
            one, other = ([share(values, 0.5) for values in form.took["alerted"]] for form in forms)
            report.say(f"lead    wide to embedded, alerted p50: {ratios(other, one)} [same rounds, by turns]")


def both(ends: ExitStack, report: Report, part: str) -> dict[str, RunningSystem]:
    """The system in each width that can be had here."""
    sites = {"embedded": ends.enter_context(embedded_system())}
    try:
        servers = ends.enter_context(kafka())
        database = ends.enter_context(fresh_database(ends.enter_context(postgres(durable=True))))
        sites["wide"] = ends.enter_context(wide_system(servers, database))
    except Missing as missing:
        report.say(f"{part} without the wide form: there is {missing}")
    return sites


async def _measured(
    sites: dict[str, RunningSystem], size: Size, folder: Path, report: Report
) -> tuple[list[Form], dict[str, Probe]]:
    forms, probes = [], {}
    for name, site in sites.items():
        floor = Floor(site)
        await floor.prepare()
        mails = Stamped()
        site.mailbox.mails = mails
        forms.append(Form(name, floor, mails))
        probes[name] = Probe(folder)
    chance = random.Random(SEED)
    for number in range(size.rounds + 1):
        for form in forms:
            probe = Probe(folder)
            with probe:
                found = await _round(form, size, chance, report)
            if number:  # the first warms up
                probes[form.name].took += probe.took
                for stage in STAGES:
                    form.took[stage].append(found[stage])
    for form in forms:
        await form.floor.leave()
    return forms, probes


async def _round(form: Form, size: Size, chance: random.Random, report: Report) -> dict[str, list[float]]:
    """One round: send, then wait until every lead was assigned and its alert came, or for 30 seconds."""
    intended, at = [], 0.0
    while (at := at + chance.expovariate(size.rate)) < size.lead_seconds:
        intended.append(at)
    async with assignments(form.floor.system) as assigned:
        answered, leads = await _sent(form.floor, intended)
        until = time.perf_counter() + LATE
        while not leads.keys() <= assigned.keys() & form.mails.at.keys():
            if time.perf_counter() > until:
                break
            await asyncio.sleep(0.02)
    report.check(f"{form.name}, leads taken in", len(leads), len(intended))
    report.check(f"{form.name}, of those assigned", sum(lead in assigned for lead in leads), len(leads))
    report.check(f"{form.name}, of those alerted", sum(lead in form.mails.at for lead in leads), len(leads))
    return {
        "answered": answered,
        "assigned": [assigned[lead] - sent for lead, sent in leads.items() if lead in assigned],
        "alerted": [form.mails.at[lead] - sent for lead, sent in leads.items() if lead in form.mails.at],
    }


async def _sent(floor: Floor, intended: list[float]) -> tuple[list[float], dict[str, float]]:
    """Send each request at its moment, on whichever connection is free; (seconds to the answers, lead to intended moment)."""
    wires: asyncio.Queue[Wire] = asyncio.Queue()
    for number in range(CONNECTIONS):
        wires.put_nowait(await Wire.to("127.0.0.1", floor.ports[number % len(floor.ports)]))
    answered: list[float] = []
    leads: dict[str, float] = {}
    begin = time.perf_counter() + 0.05

    async def one(moment: float) -> None:
        await asyncio.sleep(max(0.0, moment - time.perf_counter()))
        wire = await wires.get()
        reply = await wire.ask(floor.sender_of_webhooks.next())
        wires.put_nowait(wire)
        if reply.status == 202:
            answered.append(time.perf_counter() - moment)
            leads[orjson.loads(reply.body)["leads"][0]] = moment

    await asyncio.gather(*(one(begin + at) for at in intended))
    while not wires.empty():
        wires.get_nowait().close()
    return answered, leads
