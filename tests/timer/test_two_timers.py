"""Two timers on one PostgreSQL share scheduled items and events, and each clock still has one verdict."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from services.timer import store
from services.timer.app import build
from services.timer.handlers import leads
from services.timer.settings import Settings as TimerSettings
from shared.access.business_clock import set_clock
from shared.base.roster import Rep
from shared.base.settings import Settings
from shared.events import LeadAccepted, RosterChanged
from shared.events.base import Event
from shared.reference.handlers import on_agreement_published, on_roster_changed
from shared.runtime.migrate import upgrade
from shared.runtime.resources import Resources, open_resources
from shared.store.database import Database
from shared.work.scheduler import Scheduler
from tests.service_harness import TUESDAY
from tests.timer.clock_helpers import LEAD, MINUTE, answer, assigned, published

LEADS = [f"{LEAD[:-3]}{number:03d}" for number in range(100, 220)]


@pytest.fixture
async def timers(postgres: str, tmp_path: Path) -> AsyncIterator[tuple[Resources, Resources]]:
    """The resources of two timer processes on one database, with a stepped clock."""
    settings = Settings(
        bus="kafka",
        database_url=postgres,
        kafka_bootstrap_servers="nowhere:1",
        secret_keys="k" * 32,
        data_dir=tmp_path,
        clock="row",
        settle=timedelta(0),
    )
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(open_resources(settings, ["timer"]))
        await upgrade(first, ["access", "timer"])
        second = await stack.enter_async_context(open_resources(settings, ["timer"]))
        for resources in (first, second):
            await resources.access.load()
        await _set_time((first, second), timedelta(0))
        yield first, second


async def _set_time(timers: tuple[Resources, Resources], since: timedelta) -> None:
    await set_clock(timers[0].access, TUESDAY + since, 0, "test")
    for resources in timers:
        await resources.access.load()


def _databases(timers: tuple[Resources, Resources]) -> list[Database]:
    return [resources.databases["timer"] for resources in timers]


async def _handle(db: Database, events: list[Event[Any]]) -> None:
    await db.run(lambda tx: leads.on_lead_events(tx, events))


async def _run_due(db: Database) -> None:
    ticker = Scheduler(db, build(TimerSettings()).on_due, asyncio.Event())
    while not await ticker.run_once():
        pass


async def _start_clocks(db: Database) -> None:
    news = Event(published(), "agreement:1", "/test", TUESDAY)
    await db.run(lambda tx: on_agreement_published(leads.on_lead_events)(tx, [news]))
    people = [Event(RosterChanged(rep=Rep(id=n, name=n)), f"rep:{n}", "/test", TUESDAY) for n in ("dan", "eve")]
    await db.run(lambda tx: on_roster_changed(leads.on_lead_events)(tx, people))
    await _handle(db, [Event(assigned(), lead, "/test", TUESDAY) for lead in LEADS])


async def _emitted(db: Database) -> dict[str, Counter[str]]:
    async with db.reading() as tx:
        rows = (await tx.conn.execute(text("SELECT key, body FROM outbox ORDER BY id"))).all()
    counts: dict[str, Counter[str]] = {}
    for key, body in rows:
        kind = bytes(body).decode().split('"type":"baton.')[1].split(".v1")[0]
        counts.setdefault(key, Counter())[kind] += 1
    return counts


@pytest.mark.wide
async def test_two_timers_emit_each_clock_event_once(timers: tuple[Resources, Resources]) -> None:
    one, two = _databases(timers)
    await _start_clocks(one)
    await _set_time(timers, 50 * MINUTE)
    await asyncio.gather(_run_due(one), _run_due(two), _run_due(one), _run_due(two))
    emitted = await _emitted(one)
    expected = Counter({"clock.started": 1, "sla.breached": 1, "sla.escalated": 2})
    assert {lead: emitted[lead] for lead in LEADS} == dict.fromkeys(LEADS, expected)


@pytest.mark.wide
async def test_answers_that_race_with_the_breach_leave_each_clock_one_verdict(
    timers: tuple[Resources, Resources],
) -> None:
    one, two = _databases(timers)
    await _start_clocks(one)
    await _set_time(timers, 16 * MINUTE)
    in_time, late = LEADS[::2], LEADS[1::2]
    answers_in_time = [Event(answer(LeadAccepted, TUESDAY + 14 * MINUTE), lead, "/test", TUESDAY) for lead in in_time]
    late_answers = [Event(answer(LeadAccepted, TUESDAY + 16 * MINUTE), lead, "/test", TUESDAY) for lead in late]
    parts = [(answers_in_time + late_answers)[start::8] for start in range(8)]
    await asyncio.gather(
        _run_due(one), _run_due(two), *(_handle((one, two)[number % 2], part) for number, part in enumerate(parts))
    )
    await asyncio.gather(_run_due(one), _run_due(two))
    async with one.reading() as tx:
        rows = (await tx.conn.execute(text("SELECT lead, verdict FROM clocks WHERE promise = 'accept'"))).all()
        due = (await tx.conn.execute(text("SELECT count(*) FROM scheduled_items WHERE kind = 'clock'"))).scalar_one()
    assert dict(map(tuple, rows)) == dict.fromkeys(in_time, "kept") | dict.fromkeys(late, "late")
    assert due == len(LEADS)  # the first touch of each
    for lead, emitted in (await _emitted(one)).items():
        if lead in LEADS:
            assert emitted["clock.stopped"] == 1
            assert emitted["sla.breached"] == (1 if lead in late else emitted["sla.withdrawn"])


@pytest.mark.wide
async def test_a_reader_of_the_breach_feed_misses_no_row_while_two_timers_write(
    timers: tuple[Resources, Resources],
) -> None:
    databases, done = _databases(timers), asyncio.Event()
    seen: list[int] = []

    async def write(number: int) -> None:
        row = {"at": TUESDAY, "lead": LEAD, "type": "baton.sla.warned.v1", "event": str(number), "data": {}}
        async with databases[number % 2].transaction() as tx:
            await store.append_breaches(tx, [row])
            await asyncio.sleep(0.02 * (number % 3))  # the first to write is not the first to commit

    async def read() -> None:
        while not done.is_set() or await page():
            await page()

    async def page() -> bool:
        async with databases[0].reading() as tx:
            rows = await store.breaches_after(tx, after=max(seen, default=0), since=None, limit=3)
        seen.extend(row["id"] for row in rows)
        return bool(rows)

    reader = asyncio.create_task(read())
    await asyncio.gather(*(write(number) for number in range(20)))
    done.set()
    await reader
    assert seen == list(range(1, 21))
