"""The timer's terms of the audit name every planted fault, and nothing where nothing is wrong."""

from datetime import timedelta
from typing import Any

import pytest

from services.timer import audit
from tests.service_harness import TUESDAY, ServiceHarness
from tests.timer.clock_room import LEAD, MINUTE, assigned, clock


async def terms(timer: ServiceHarness) -> dict[str, Any]:
    async with timer.db.reading() as tx:
        return await audit.terms(tx)


async def test_nothing_is_wrong_with_clocks_that_run_settle_and_breach(timer: ServiceHarness) -> None:
    await timer.handle(assigned(), subject=LEAD)
    id_ = (await clock(timer))["id"]
    for minutes, state in ((0, "running"), (12, "running"), (15, "breached"), (46, "breached"), (300, "breached")):
        await timer.set_time(TUESDAY + minutes * MINUTE)
        await timer.run_due()
        found = await terms(timer)
        assert (found["doubled"], found["asleep"], found["overdue"]) == ([], [], [])
        assert (found["states"], found["accept"]) == ({state: 1}, [[LEAD, 1]])
    assert id_


FAULTS = {
    "asleep": "DELETE FROM scheduled_items",
    "overdue": "UPDATE clocks SET due_at = '2026-12-01T09:00:00.000000'",
    "doubled": "INSERT INTO clocks SELECT 'twin', lead, promise, epoch, round + 1, owner, team, tier, terms_version, routing_version,"
    " state, '', started_at, due_at, warn_at, warned_at, breached_at, settled_at, stopped_at, verdict, why, escalation_step, skipped,"
    " held_until, off_hours, within, left_seconds, in_words FROM clocks",
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_planted_fault_is_named_and_no_other(fault: str, timer: ServiceHarness) -> None:
    await timer.handle(assigned(), subject=LEAD)
    id_ = (await clock(timer))["id"]
    await timer.sql(FAULTS[fault])
    found = await terms(timer)
    wrong = {name: found[name] for name in FAULTS if found[name]}
    assert wrong == {fault: [LEAD if fault == "doubled" else id_]}


async def test_a_clock_that_nobody_settles_is_overdue_after_a_minute_of_real_time(timer: ServiceHarness) -> None:
    timer.db.context.settle = timedelta(seconds=2)
    await timer.handle(assigned(), subject=LEAD)
    id_ = (await clock(timer))["id"]
    await timer.set_time(TUESDAY + 16 * MINUTE)
    await timer.run_due()
    timer.resources.clock.shift += timedelta(seconds=61)
    assert (await terms(timer))["overdue"] == []
    timer.resources.clock.shift += timedelta(seconds=2)
    assert (await terms(timer))["overdue"] == [id_]


async def test_the_gauges_say_zero_where_there_is_nothing(timer: ServiceHarness) -> None:
    async with timer.db.reading() as tx:
        assert await audit.gauges(tx) == {"clocks_running": 0.0, "clocks_breached": 0.0, "waiting": 0.0}
