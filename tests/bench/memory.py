"""Part 4: the resident memory of each process, idle and after many leads."""

import asyncio
import time
from contextlib import ExitStack

from tests.bench.bench_world import BenchWorld, resident_memory
from tests.bench.http_connection import HttpConnection
from tests.bench.lead import available_sites
from tests.bench.report import Report
from tests.bench.sizes import Size
from tests.bench.timestamps import TimestampedMails
from tests.running_system import RunningSystem

CONNECTIONS = 8
TIMEOUT = 900.0


def run(size: Size, report: Report) -> None:
    """Measure each form and print the results."""
    with ExitStack() as stack:
        for name, site in available_sites(stack, report, "memory ").items():
            idle = resident_memory(site)
            seconds, alerted = asyncio.run(_process_leads(site, size.leads))
            report.check(f"{name}, leads whose alert arrived", alerted, size.leads)
            after = resident_memory(site)
            by_process = ", ".join(f"{process} {idle[process]:.0f} -> {after[process]:.0f}" for process in sorted(idle))
            report.add(
                f"memory  {name}: MiB resident, idle -> after {size.leads:,} leads: {by_process}"
                f" [the leads were accepted, routed and alerted in {seconds:.0f} s, {size.leads / seconds:.0f}/s, closed loop,"
                f" {CONNECTIONS} connections]"
            )


async def _process_leads(site: RunningSystem, number: int) -> tuple[float, int]:
    """Send `number` leads and wait until the system is idle; returns the seconds and how many leads' alerts arrived."""
    world = BenchWorld(site)
    await world.prepare()
    mails = TimestampedMails()
    site.mailbox.mails = mails
    begin = time.perf_counter()
    remaining = iter(range(number))
    connections = [
        await HttpConnection.open("127.0.0.1", world.ports[turn % len(world.ports)]) for turn in range(CONNECTIONS)
    ]

    async def send_remaining(connection: HttpConnection) -> None:
        for _ in remaining:
            await connection.send(world.webhook_sender.next_request())

    await asyncio.gather(*(send_remaining(connection) for connection in connections))
    for connection in connections:
        connection.close()
    await world.wait_until_idle(TIMEOUT)
    seconds = time.perf_counter() - begin
    await world.close()
    return seconds, len(mails.at)
