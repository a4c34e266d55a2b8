"""Part 4: the resident memory of each process, idle and after many leads."""

import asyncio
import time
from contextlib import ExitStack

from tests.bench.floor import Floor, resident
from tests.bench.lead import both
from tests.bench.report import Report
from tests.bench.size import Size
from tests.bench.stamps import Stamped
from tests.bench.wire import Wire
from tests.running_system import RunningSystem

CONNECTIONS = 8
PATIENCE = 900.0


def run(size: Size, report: Report) -> None:
    """Measure and print."""
    with ExitStack() as ends:
        for name, site in both(ends, report, "memory ").items():
            idle = resident(site)
            took, alerted = asyncio.run(_worked(site, size.leads))
            report.check(f"{name}, leads whose alert came", alerted, size.leads)
            after = resident(site)
            words = ", ".join(f"{process} {idle[process]:.0f} -> {after[process]:.0f}" for process in sorted(idle))
            report.say(
                f"memory  {name}: MiB resident, idle -> after {size.leads:,} leads: {words}"
                f" [the leads came, were routed and alerted in {took:.0f} s, {size.leads / took:.0f}/s, closed loop,"
                f" {CONNECTIONS} connections]"
            )


async def _worked(site: RunningSystem, number: int) -> tuple[float, int]:
    """Send so many leads and wait until all is quiet: (seconds, leads whose alert came)."""
    floor = Floor(site)
    await floor.prepare()
    mails = Stamped()
    site.mailbox.mails = mails
    begin = time.perf_counter()
    left = iter(range(number))
    wires = [await Wire.to("127.0.0.1", floor.ports[turn % len(floor.ports)]) for turn in range(CONNECTIONS)]

    async def one(wire: Wire) -> None:
        for _ in left:
            await wire.ask(floor.sender_of_webhooks.next())

    await asyncio.gather(*(one(wire) for wire in wires))
    for wire in wires:
        wire.close()
    await floor.rest(PATIENCE)
    took = time.perf_counter() - begin
    await floor.leave()
    return took, len(mails.at)
