"""Clocks over time and owners: inherited time, `at_most`, nights, holidays, versions, people who come back."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from services.timer.app import build
from services.timer.settings import Settings
from shared.agreement.model import Target
from shared.base.roster import Rep
from shared.events import (
    ActionRefused,
    LeadAccepted,
    LeadCard,
    LeadContacted,
    LeadEnquiredAgain,
    LeadRecycled,
    RosterChanged,
)
from tests.service_harness import TUESDAY, ServiceHarness, service_harness
from tests.timer.clock_helpers import LEAD, MINUTE, agreement, answer, assigned, clock, names, published


async def test_the_next_owner_inherits_the_time_left(timer: ServiceHarness) -> None:
    await timer.handle(assigned(tier="standard"), subject=LEAD)
    await timer.handle(assigned("eve", epoch=2, at=TUESDAY + timedelta(hours=1), tier="standard"), subject=LEAD)
    first, second = await clock(timer, epoch=1), await clock(timer, epoch=2)
    assert first["verdict"] == "void"
    assert first["due_at"] == second["due_at"]


async def test_reassign_is_done_at_most_twice_across_epochs_and_then_the_next_escalation_step(
    timer: ServiceHarness,
) -> None:
    at, steps = TUESDAY, []
    for epoch, owner in ((1, "dan"), (2, "eve"), (3, "omar")):
        await timer.set_time(at)
        await timer.handle(assigned(owner, epoch=epoch, at=at), subject=LEAD)
        for minutes in (15, 46):
            await timer.set_time(at + minutes * MINUTE)
            steps += [
                (epoch, e.data.do, e.data.skipped)
                for e in await timer.run_due()
                if e.data.type == "baton.sla.escalated.v1"
            ]
        at = at + 46 * MINUTE
    assert [(epoch, do) for epoch, do, _ in steps if do == ("reassign",)] == [(1, ("reassign",)), (2, ("reassign",))]
    await timer.advance(hours=2)
    (last,) = [e for e in await timer.run_due() if e.data.type == "baton.sla.escalated.v1"]
    assert last.data.do == ("notify manager", "return to marketing")
    assert last.data.skipped == ("step 2 (reassign): done 2 of at most 2 times",)


async def test_after_downtime_clocks_catch_up_and_nobody_is_warned_after_the_breach(
    timer: ServiceHarness,
) -> None:
    await timer.handle(assigned(), subject=LEAD)
    await timer.set_time(TUESDAY + timedelta(hours=5))
    events = names(await timer.run_due())
    assert events == ["sla.breached", "sla.escalated", "sla.escalated"], "what follows a reassign waits for the router"


async def test_a_lead_of_friday_evening_before_a_holiday_is_due_after_enough_open_time(timer: ServiceHarness) -> None:
    start = datetime.fromisoformat("2026-12-24T16:50:00-05:00")
    await timer.set_time(start)
    await timer.handle(assigned(at=start, tier="standard"), subject=LEAD)
    row = await clock(timer)
    due = datetime.fromisoformat(row["due_at"]).replace(tzinfo=UTC)
    assert due == datetime.fromisoformat("2026-12-28T16:20:00-05:00")
    assert "Christmas Day" in row["in_words"]


async def test_a_lead_assigned_at_night_is_due_by_the_off_hours_rule(timer: ServiceHarness) -> None:
    start = datetime.fromisoformat("2026-12-01T20:00:00-05:00")
    await timer.set_time(start)
    await timer.handle(assigned(at=start), subject=LEAD)
    row = await clock(timer)
    assert datetime.fromisoformat(row["due_at"]).replace(tzinfo=UTC) == start + timedelta(hours=4)


async def test_an_event_whose_agreement_version_is_missing_is_deferred_in_order(tmp_path: Path) -> None:
    async with service_harness(build(Settings()), tmp_path, settle=timedelta(0)) as timer:
        assert await timer.handle(assigned(), subject=LEAD) == []
        assert await timer.handle(answer(LeadAccepted, TUESDAY + MINUTE), subject=LEAD) == []
        await timer.handle(RosterChanged(rep=Rep(id="dan", name="Dan")), subject="rep:dan")
        events = await timer.handle(published(), subject="agreement:1")
        assert names(events) == ["clock.started", "clock.stopped", "clock.started"]


async def test_a_clock_keeps_the_terms_version_that_it_was_started_under(timer: ServiceHarness) -> None:
    shorter = agreement()
    promise = shorter.promises["accept"].model_copy(update={"targets": {"*": Target(within="1 minute")}})
    await timer.handle(
        published(shorter.model_copy(update={"promises": {"accept": promise}}), 2), subject="agreement:2"
    )
    await timer.handle(assigned(terms_version=1), subject=LEAD)
    row = await clock(timer)
    assert row["within"] == "15 minutes"


async def test_an_answer_in_time_to_a_reassigned_lead_withdraws_the_breach(timer: ServiceHarness) -> None:
    await timer.handle(assigned(), subject=LEAD)
    await timer.set_time(TUESDAY + 45 * MINUTE)
    await timer.run_due()
    await timer.handle(assigned("eve", epoch=2, at=TUESDAY + 45 * MINUTE), subject=LEAD)
    refused = ActionRefused(
        action="accept",
        by="dan",
        epoch=1,
        answered_at=TUESDAY + 14 * MINUTE,
        why="The lead has a new owner since.",
        present_owner="eve",
        present_epoch=2,
    )
    (events,) = await timer.handle(refused, subject=LEAD)
    assert (events.data.type, events.data.applied, events.data.present_owner) == (
        "baton.sla.withdrawn.v1",
        False,
        "eve",
    )
    assert (await clock(timer, epoch=1))["verdict"] == "kept"


async def test_a_person_who_enquires_again_starts_a_new_first_touch_once_the_lead_is_accepted(
    timer: ServiceHarness,
) -> None:
    back = LeadEnquiredAgain(
        lead=LeadCard(id=LEAD), owner="dan", epoch=1, enquiry="x", routing_version=1, terms_version=1, tier="hot"
    )
    await timer.handle(assigned(), subject=LEAD)
    assert await timer.handle(back, subject=LEAD) == []
    await timer.handle(answer(LeadAccepted, TUESDAY), subject=LEAD)
    assert await timer.handle(back, subject=LEAD) == []
    await timer.handle(answer(LeadContacted, TUESDAY), subject=LEAD)
    assert names(await timer.handle(back, subject=LEAD)) == ["clock.started"]


async def test_a_recycled_lead_has_no_clock_and_starts_again_with_the_whole_time(timer: ServiceHarness) -> None:
    await timer.handle(assigned(), subject=LEAD)
    await timer.handle(answer(LeadRecycled, TUESDAY, reason="stalled"), subject=LEAD)
    await timer.advance(hours=20)
    assert await timer.run_due() == []
    at = TUESDAY + timedelta(days=1)
    await timer.set_time(at)
    await timer.handle(assigned("eve", epoch=2, at=at), subject=LEAD)
    row = await clock(timer, epoch=2)
    assert datetime.fromisoformat(row["due_at"]).replace(tzinfo=UTC) == at + 15 * MINUTE
