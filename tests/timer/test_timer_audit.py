"""The timer's part of the audit names every planted fault, and none where there is none."""

from datetime import timedelta
from typing import Any

import pytest

from services.timer import audit
from tests.service_harness import TUESDAY, ServiceHarness
from tests.timer.clock_helpers import LEAD, MINUTE, assigned, clock


async def terms(timer: ServiceHarness) -> dict[str, Any]:
    async with timer.db.reading() as tx:
        return await audit.counts(tx)


async def test_the_timer_audit_finds_no_fault_in_clocks_that_run_settle_and_breach(timer: ServiceHarness) -> None:
    await timer.handle(assigned(), subject=LEAD)
    id_ = (await clock(timer))["id"]
    for minutes, state in ((0, "running"), (12, "running"), (15, "breached"), (46, "breached"), (300, "breached")):
        await timer.set_time(TUESDAY + minutes * MINUTE)
        await timer.run_due()
        report = await terms(timer)
        assert (report["doubled"], report["asleep"], report["overdue"]) == ([], [], [])
        assert (report["states"], report["accept"]) == ({state: 1}, [[LEAD, 1]])
    assert id_


FAULTS = {
    "asleep": "DELETE FROM scheduled_items",
    "overdue": "UPDATE clocks SET due_at = '2026-12-01T09:00:00.000000'",
    "doubled": "INSERT INTO clocks SELECT 'twin', lead, promise, epoch, round + 1, owner, team, tier, terms_version, routing_version,"
    " state, '', started_at, due_at, warn_at, warned_at, breached_at, settled_at, stopped_at, verdict, why, escalation_step, skipped,"
    " held_until, off_hours, within, left_seconds, in_words FROM clocks",
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_the_timer_audit_names_a_planted_fault_and_no_other(fault: str, timer: ServiceHarness) -> None:
    await timer.handle(assigned(), subject=LEAD)
    id_ = (await clock(timer))["id"]
    await timer.sql(FAULTS[fault])
    report = await terms(timer)
    wrong = {name: report[name] for name in FAULTS if report[name]}
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


async def test_the_timer_gauges_are_zero_without_clocks(timer: ServiceHarness) -> None:
    async with timer.db.reading() as tx:
        assert await audit.gauges(tx) == {"clocks_running": 0.0, "clocks_breached": 0.0, "waiting": 0.0}
