"""A changed shift moves no running clock, an unreadable one stops none, and time left at night is inherited."""

import asyncio
from datetime import timedelta

from shared.base.roster import Rep
from shared.events import RosterChanged, SlaBreached
from shared.work.scheduler import Scheduler
from tests.service_harness import TUESDAY, ServiceHarness
from tests.timer.clock_helpers import LEAD, assigned, clock, names


async def test_a_shift_that_is_removed_does_not_make_the_breach_a_dead_letter(timer: ServiceHarness) -> None:
    await timer.handle(assigned(), subject=LEAD)
    unreadable = Rep(id="dan", name="Dan").model_copy(update={"hours": "nonsense"})
    for rep in (Rep(id="dan", name="Dan", hours=" "), unreadable):
        await timer.handle(RosterChanged(rep=rep), subject="rep:dan")
    await timer.handle(assigned(epoch=2, at=TUESDAY), subject=LEAD)
    await timer.advance(minutes=16)
    ticker = Scheduler(timer.db, timer.service.on_due, asyncio.Event())
    for _ in range(4):
        await ticker.run_once()
    assert [event for event in await timer.outbox() if isinstance(event.data, SlaBreached)]
    assert await timer.sql("SELECT reason FROM dead_letters") == []


async def test_a_shift_that_changes_while_a_clock_runs_moves_no_escalation_step(timer: ServiceHarness) -> None:
    await timer.handle(assigned(), subject=LEAD)
    await timer.advance(minutes=16)
    await timer.run_due()
    shift = Rep(id="dan", name="Dan", hours="sun 01:00-02:00", timezone="America/New_York")
    await timer.handle(RosterChanged(rep=shift), subject="rep:dan")
    await timer.advance(minutes=30)
    assert "sla.escalated" in names(await timer.run_due())


async def test_the_next_owner_inherits_the_time_left_off_hours(timer: ServiceHarness) -> None:
    at = TUESDAY.replace(hour=7)  # 02:00 in New York: four hours of wall time
    await timer.set_time(at)
    await timer.handle(assigned(at=at), subject=LEAD)
    await timer.set_time(at + timedelta(hours=1))
    await timer.handle(assigned("eve", epoch=2, at=at + timedelta(hours=1)), subject=LEAD)
    assert str((await clock(timer, epoch=2))["due_at"]).startswith("2026-12-01T11:00")
