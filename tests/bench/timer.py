"""Part 2: escalation steps handled per second with few and with many pending deadlines, against a plain claim and delete."""

import asyncio
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg

from services.timer.app import build
from services.timer.settings import Settings as TimerSettings
from shared.base.settings import Settings
from shared.runtime import migrate
from shared.runtime.resources import open_resources
from shared.store.database import Database
from shared.work.scheduler import Scheduler
from tests.bench.disk_probe import DiskProbe
from tests.bench.intake import asyncpg_url
from tests.bench.report import Report, ratios
from tests.bench.sizes import Size
from tests.bench.timer_rows import TimerRows
from tests.parts import Missing
from tests.parts.postgres import postgres, temporary_database
from tests.running_system import SECRET_KEYS


@dataclass
class Case:
    """One number of pending deadlines, and the rates measured with it."""

    pending: int
    database: str
    items_per_second: list[float] = field(default_factory=list)
    claims_per_second: list[float] = field(default_factory=list)


def run(size: Size, report: Report) -> None:
    """Measure the cases in alternation and print the results."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        try:
            server = stack.enter_context(postgres(durable=True))
        except Missing as missing:
            report.add(f"timer   not measured: there is {missing}")
            return
        cases = [Case(number, stack.enter_context(temporary_database(server))) for number in size.pending]
        probe = asyncio.run(_measure(cases, size, folder, report))
        few, many = cases[0], cases[-1]
        for case in cases:
            typical = sorted(case.items_per_second)[len(case.items_per_second) // 2]
            report.add(
                f"timer   {case.pending:,} pending: {typical:,.0f} items/s, of a plain claim and delete"
                f" {ratios(case.items_per_second, case.claims_per_second)} [{size.due:,} due in each of {size.rounds} rounds, one process, batches"
                f" of 500: escalation step, scheduled item rescheduled and event in one commit; the plain claim: asyncpg, 1,000 rows a commit;"
                f" fsync on, synchronous_commit on; {probe.summary}]"
            )
        report.add(
            f"timer   flatness, {many.pending:,} to {few.pending:,} pending: items/s {ratios(many.items_per_second, few.items_per_second)},"
            f" plain claim {ratios(many.claims_per_second, few.claims_per_second)} [same rounds]"
        )


async def _measure(cases: list[Case], size: Size, folder: Path, report: Report) -> DiskProbe:
    for case in cases:
        await _prepare(case)
    with DiskProbe(folder) as probe:
        for number in range(size.rounds + 1):
            for case in cases:
                items, claims = await _round(case, size.due, report)
                if number:  # round 0 warms up
                    case.items_per_second.append(items)
                    case.claims_per_second.append(claims)
    return probe


def _settings(database: str) -> Settings:
    return Settings(
        bus="kafka",
        database_url=database,
        kafka_bootstrap_servers="127.0.0.1:1",
        secret_keys=SECRET_KEYS,
        log_level="warning",
    )


async def _prepare(case: Case) -> None:
    async with open_resources(_settings(case.database), ["timer"]) as resources:
        await migrate.upgrade(resources, ["access", "timer"])
    conn = await _connect(case)
    try:
        await TimerRows(conn).insert_pending(case.pending)
    finally:
        await conn.close()


async def _connect(case: Case) -> "asyncpg.Connection":
    return await asyncpg.connect(asyncpg_url(case.database), server_settings={"search_path": "timer"})


async def _round(case: Case, due: int, report: Report) -> tuple[float, float]:
    conn = await _connect(case)
    rows = TimerRows(conn)
    try:
        await rows.insert_breached(due)
        async with open_resources(_settings(case.database), ["timer"]) as resources:
            await resources.access.load()
            items_per_second = due / await _handle_due_items(resources.databases["timer"])
        report.check(
            f"timer with {case.pending:,} pending, (escalations, steps, items rescheduled)",
            await rows.count_results(),
            (due, due, due),
        )
        await rows.clear()
        await rows.insert_plain(due)
        claimed, begin = 0, time.perf_counter()
        while count := await rows.claim_plain():
            claimed += count
        claims_per_second = due / (time.perf_counter() - begin)
        report.check("rows of the plain claim", claimed, due)
        await rows.clear()
    finally:
        await conn.close()
    return items_per_second, claims_per_second


async def _handle_due_items(database: Database) -> float:
    """Handle all due items; returns the seconds it took."""
    scheduler = Scheduler(database, build(TimerSettings()).on_due, asyncio.Event())
    begin = time.perf_counter()
    while not await scheduler.run_once():
        pass
    return time.perf_counter() - begin
