"""The timer's handlers: one final verdict per clock, warned and breached once, held and withdrawn by event time."""

from datetime import timedelta
from pathlib import Path

from services.timer.app import build
from services.timer.settings import Settings
from shared.events import ActionTaken, LeadAccepted, LeadContacted
from tests.service_harness import TUESDAY, ServiceHarness, service_harness
from tests.timer.clock_helpers import LEAD, MINUTE, add_reference_data, answer, assigned, clock, names


async def test_an_untouched_hot_lead_is_warned_breached_once_and_escalated_at_every_step(timer: ServiceHarness) -> None:
    assert names(await timer.handle(assigned(), subject=LEAD)) == ["clock.started"]
    assert await timer.run_due() == []
    await timer.set_time(TUESDAY + timedelta(minutes=11, seconds=15))
    assert names(await timer.run_due()) == ["sla.warned"]
    await timer.set_time(TUESDAY + 15 * MINUTE)
    events = await timer.run_due()
    assert names(events) == ["sla.breached", "sla.escalated"]
    assert events[1].data.do == ("notify owner", "notify manager")
    await timer.set_time(TUESDAY + 45 * MINUTE)
    events = await timer.run_due()
    assert [event.data.do for event in events] == [("reassign",)]
    await timer.set_time(TUESDAY + timedelta(minutes=15, hours=2))
    events = await timer.run_due()
    assert [event.data.do for event in events] == [("notify manager", "return to marketing")]
    assert events[0].data.last is True
    await timer.advance(days=3)
    assert await timer.run_due() == []


async def test_a_lead_accepted_in_time_keeps_the_promise_and_starts_the_first_touch(timer: ServiceHarness) -> None:
    await timer.handle(assigned(), subject=LEAD)
    await timer.advance(minutes=5)
    events = await timer.handle(answer(LeadAccepted, TUESDAY + 5 * MINUTE), subject=LEAD)
    assert names(events) == ["clock.stopped", "clock.started"]
    assert events[0].data.verdict == "kept"
    await timer.handle(answer(LeadContacted, TUESDAY + 9 * MINUTE), subject=LEAD)
    assert (await clock(timer, "first_touch"))["verdict"] == "kept"
    await timer.advance(days=1)
    assert await timer.run_due() == []


async def test_an_answer_stamped_in_time_holds_the_breach_until_its_outcome(tmp_path: Path) -> None:
    async with service_harness(build(Settings()), tmp_path, settle=timedelta(0)) as timer:
        await add_reference_data(timer)
        await timer.handle(assigned(), subject=LEAD)
        in_time = TUESDAY + timedelta(minutes=14, seconds=59)
        await timer.handle(
            ActionTaken(lead=LEAD, epoch=1, action="accept", by="dan", answered_at=in_time), subject=LEAD
        )
        await timer.set_time(TUESDAY + 15 * MINUTE)
        assert names(await timer.run_due()) == []
        events = await timer.handle(answer(LeadAccepted, in_time), subject=LEAD)
        assert events[0].data.verdict == "kept"


async def test_a_held_breach_is_published_when_no_outcome_comes_within_a_minute(timer: ServiceHarness) -> None:
    await timer.handle(assigned(), subject=LEAD)
    await timer.handle(ActionTaken(lead=LEAD, epoch=1, action="accept", by="dan", answered_at=TUESDAY), subject=LEAD)
    await timer.set_time(TUESDAY + 16 * MINUTE)
    assert await timer.run_due() == []
    timer.resources.clock.shift = timedelta(seconds=61)
    assert names(await timer.run_due()) == ["sla.breached", "sla.escalated"]


async def test_an_earlier_answer_that_turns_up_later_withdraws_the_breach_and_cancels_the_escalation(
    timer: ServiceHarness,
) -> None:
    await timer.handle(assigned(), subject=LEAD)
    await timer.set_time(TUESDAY + 16 * MINUTE)
    assert "sla.breached" in names(await timer.run_due())
    events = await timer.handle(answer(LeadAccepted, TUESDAY + 14 * MINUTE), subject=LEAD)
    assert names(events)[:2] == ["sla.withdrawn", "clock.stopped"]
    assert events[1].data.verdict == "kept"
    await timer.advance(hours=3)
    assert {event.data.promise for event in await timer.run_due()} == {"first_touch"}
    assert (await clock(timer))["next_step"] == ""


async def test_an_answer_one_second_late_is_late_even_before_the_breach_was_published(timer: ServiceHarness) -> None:
    await timer.handle(assigned(), subject=LEAD)
    await timer.set_time(TUESDAY + 15 * MINUTE + timedelta(seconds=1))
    events = await timer.handle(answer(LeadAccepted, TUESDAY + 15 * MINUTE + timedelta(seconds=1)), subject=LEAD)
    assert names(events)[:2] == ["sla.breached", "clock.stopped"]
    assert events[1].data.verdict == "late"


async def test_a_new_owner_has_ten_minutes_at_least_and_the_first_escalation_step_again(timer: ServiceHarness) -> None:
    await timer.handle(assigned(), subject=LEAD)
    await timer.set_time(TUESDAY + 45 * MINUTE)
    await timer.run_due()
    events = await timer.handle(assigned("eve", epoch=2, at=TUESDAY + 45 * MINUTE), subject=LEAD)
    assert [event.data.verdict for event in events if event.data.type.startswith("baton.clock.stopped")] == ["missed"]
    row = await clock(timer, epoch=2)
    assert str(row["due_at"])[:16] == "2026-12-01T15:55"
    await timer.advance(minutes=11)
    assert [e.data.do for e in await timer.run_due() if e.data.type.startswith("baton.sla.escalated")] == [
        ("notify owner", "notify manager")
    ]
