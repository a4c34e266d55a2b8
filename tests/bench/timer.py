"""Part 2: fires per second with few and with many pending deadlines, beside a plain claim and delete of as many rows."""

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
from tests.bench.disk import Probe
from tests.bench.ground import Ground
from tests.bench.intake import plain
from tests.bench.report import Report, ratios
from tests.bench.size import Size
from tests.parts import Missing
from tests.parts.postgres import fresh_database, postgres
from tests.running_system import SECRET_KEYS


@dataclass
class Case:
    """One number of pending deadlines."""

    pending: int
    database: str
    fires: list[float] = field(default_factory=list)
    claims: list[float] = field(default_factory=list)


def run(size: Size, report: Report) -> None:
    """Measure, alternating, and print."""
    with ExitStack() as ends:
        folder = Path(ends.enter_context(TemporaryDirectory()))
        try:
            server = ends.enter_context(postgres(durable=True))
        except Missing as missing:
            report.say(f"timer   nothing: there is {missing}")
            return
        cases = [Case(number, ends.enter_context(fresh_database(server))) for number in size.pending]
        probe = asyncio.run(_measured(cases, size, folder, report))
        few, many = cases[0], cases[-1]
        for case in cases:
            middle = sorted(case.fires)[len(case.fires) // 2]
            report.say(
                f"timer   {case.pending:,} pending: {middle:,.0f} fires/s, of a plain claim and delete"
                f" {ratios(case.fires, case.claims)} [{size.due:,} due in each of {size.rounds} rounds, one process, batches"
                f" of 500: escalation step, scheduled item put back and event in one commit; the plain claim: asyncpg, 1,000 rows a commit;"
                f" fsync on, synchronous_commit on; {probe.words}]"
            )
        report.say(
            f"timer   flatness, {many.pending:,} to {few.pending:,} pending: fires {ratios(many.fires, few.fires)},"
            f" plain claim {ratios(many.claims, few.claims)} [same rounds]"
        )


async def _measured(cases: list[Case], size: Size, folder: Path, report: Report) -> Probe:
    for case in cases:
        await _prepared(case)
    with Probe(folder) as probe:
        for number in range(size.rounds + 1):
            for case in cases:
                fires, claims = await _round(case, size.due, report)
                if number:  # the first warms up
                    case.fires.append(fires)
                    case.claims.append(claims)
    return probe


def _settings(database: str) -> Settings:
    return Settings(
        bus="kafka",
        database_url=database,
        kafka_bootstrap_servers="127.0.0.1:1",
        secret_keys=SECRET_KEYS,
        log_level="warning",
    )


async def _prepared(case: Case) -> None:
    async with open_resources(_settings(case.database), ["timer"]) as resources:
        await migrate.upgrade(resources, ["access", "timer"])
    conn = await _connected(case)
    try:
        await Ground(conn).pend(case.pending)
    finally:
        await conn.close()


async def _connected(case: Case) -> "asyncpg.Connection":
    return await asyncpg.connect(plain(case.database), server_settings={"search_path": "timer"})


async def _round(case: Case, due: int, report: Report) -> tuple[float, float]:
    conn = await _connected(case)
    ground = Ground(conn)
    try:
        await ground.breach(due)
        async with open_resources(_settings(case.database), ["timer"]) as resources:
            await resources.access.load()
            fires = due / await _fire(resources.databases["timer"])
        report.check(
            f"timer with {case.pending:,} pending, (escalations, steps, items put back)",
            await ground.fired(),
            (due, due, due),
        )
        await ground.clear()
        await ground.plain(due)
        claimed, begin = 0, time.perf_counter()
        while found := await ground.claim():
            claimed += found
        claims = due / (time.perf_counter() - begin)
        report.check("rows of the plain claim", claimed, due)
        await ground.clear()
    finally:
        await conn.close()
    return fires, claims


async def _fire(database: Database) -> float:
    """Seconds until nothing is due any more."""
    ticker = Scheduler(database, build(TimerSettings()).on_due, asyncio.Event())
    begin = time.perf_counter()
    while not await ticker.run_once():
        pass
    return time.perf_counter() - begin
