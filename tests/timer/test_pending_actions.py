"""Pending actions: each holds the breach by itself, comes early or late, and withdraws a breach that came too soon."""

from datetime import timedelta
from typing import Any

from shared.agreement.model import EscalationStep, Promise, Target
from shared.events import (
    ActionRefused,
    ActionTaken,
    LeadAccepted,
    LeadAttempted,
    LeadContacted,
    LeadDeclined,
    LeadDisqualified,
    LeadRecycled,
)
from tests.service_harness import TUESDAY, ServiceHarness
from tests.timer.clock_helpers import LEAD, MINUTE, agreement, answer, assigned, clock, names, published

IN_TIME = TUESDAY + 14 * MINUTE
DUE = TUESDAY + 15 * MINUTE


async def take_action(timer: ServiceHarness, action: str, id_: str, epoch: int = 1, at: Any = IN_TIME) -> None:
    taken = ActionTaken(lead=LEAD, epoch=epoch, action=action, by="dan", answered_at=at)
    assert await timer.handle(taken, subject=LEAD, id=id_) == []


def refusal(action: str, id_: str | None, **more: Any) -> ActionRefused:
    values: dict[str, Any] = {"by": "dan", "epoch": 1, "answered_at": IN_TIME, "why": "No.", "present_epoch": 1}
    return ActionRefused(action=action, action_id=id_, **values | more)


async def pass_real_time(timer: ServiceHarness, seconds: float) -> None:
    """Let real time pass."""
    timer.resources.clock.shift += timedelta(seconds=seconds)


async def test_a_refusal_releases_only_the_hold_of_its_own_answer(timer: ServiceHarness) -> None:
    await timer.handle(assigned(), subject=LEAD)
    await take_action(timer, "attempt", "first")
    await take_action(timer, "accept", "second")
    await timer.set_time(DUE)
    assert await timer.run_due() == []
    await timer.handle(refusal("attempt", "first"), subject=LEAD)
    assert await timer.run_due() == []
    await timer.handle(refusal("accept", "second"), subject=LEAD)
    assert names(await timer.run_due()) == ["sla.breached", "sla.escalated"]
    assert await timer.sql("SELECT * FROM pending_actions") == []


async def test_a_pending_action_that_comes_before_its_assignment_holds_the_breach(timer: ServiceHarness) -> None:
    await take_action(timer, "accept", "early")
    await timer.set_time(DUE + MINUTE)
    await timer.handle(assigned(), subject=LEAD)
    assert await timer.run_due() == []
    events = await timer.handle(answer(LeadAccepted, IN_TIME, action_id="early"), subject=LEAD)
    assert events[0].data.verdict == "kept"
    assert await timer.sql("SELECT * FROM pending_actions") == []


async def test_an_early_pending_action_holds_the_breach_for_a_minute_at_most(timer: ServiceHarness) -> None:
    await take_action(timer, "accept", "early")
    await timer.set_time(DUE + MINUTE)
    await timer.handle(assigned(), subject=LEAD)
    assert await timer.run_due() == []
    await pass_real_time(timer, 61)
    assert names(await timer.run_due()) == ["sla.breached", "sla.escalated"]


async def test_a_pending_action_stamped_after_the_due_instant_holds_no_breach(timer: ServiceHarness) -> None:
    await timer.handle(assigned(), subject=LEAD)
    await take_action(timer, "accept", "late", at=DUE + timedelta(seconds=1))
    await timer.set_time(DUE + timedelta(seconds=1))
    assert names(await timer.run_due()) == ["sla.breached", "sla.escalated"]


async def test_an_expired_hold_does_not_shorten_the_settle_time(timer: ServiceHarness) -> None:
    timer.db.context.settle = timedelta(seconds=2)
    await timer.handle(assigned(), subject=LEAD)
    await take_action(timer, "accept", "old", at=TUESDAY)
    await pass_real_time(timer, 3600)
    await timer.set_time(DUE)
    assert await timer.run_due() == []
    await pass_real_time(timer, 3)
    assert names(await timer.run_due()) == ["sla.breached", "sla.escalated"]


async def test_an_action_taken_that_is_read_after_its_outcome_is_ignored(timer: ServiceHarness) -> None:
    await timer.handle(assigned(), subject=LEAD)
    await timer.handle(answer(LeadAccepted, IN_TIME, action_id="done"), subject=LEAD)
    await take_action(timer, "accept", "done")
    assert await timer.sql("SELECT * FROM pending_actions") == []
    assert (await clock(timer, "first_touch"))["held_until"] is None


async def test_an_answer_in_time_to_a_recycled_lead_withdraws_the_breach_once(timer: ServiceHarness) -> None:
    await timer.handle(assigned(), subject=LEAD)
    await timer.set_time(DUE + timedelta(hours=2))
    await timer.run_due()
    back = answer(LeadRecycled, DUE + timedelta(hours=2), reason="accept breached")
    assert [event.data.verdict for event in await timer.handle(back, subject=LEAD)] == ["missed"]
    refused = refusal("accept", "x", present_state="recycled")
    (events,) = await timer.handle(refused, subject=LEAD)
    assert (events.data.type, events.data.applied, events.data.present_owner) == ("baton.sla.withdrawn.v1", False, None)
    assert await timer.handle(refused, subject=LEAD) == []


async def test_a_refused_reassignment_withdraws_no_breach(timer: ServiceHarness) -> None:
    await timer.handle(assigned(), subject=LEAD)
    await timer.set_time(DUE + 30 * MINUTE)
    await timer.run_due()
    await timer.handle(assigned("eve", epoch=2, at=DUE + 30 * MINUTE), subject=LEAD)
    refused = refusal("reassign", None, by="timer", answered_at=TUESDAY)
    assert await timer.handle(refused, subject=LEAD) == []
    assert (await clock(timer))["verdict"] == "missed"


async def test_a_lead_that_ended_in_time_has_a_void_clock_although_the_breach_was_published(
    timer: ServiceHarness,
) -> None:
    await timer.handle(assigned(), subject=LEAD)
    await timer.handle(answer(LeadAccepted, TUESDAY), subject=LEAD)
    await timer.set_time(TUESDAY + 61 * MINUTE)
    assert names(await timer.run_due()) == ["sla.breached", "sla.escalated"]
    ended = answer(LeadDisqualified, TUESDAY + 59 * MINUTE, reason="student")
    events = await timer.handle(ended, subject=LEAD)
    assert names(events) == ["sla.withdrawn", "clock.stopped"]
    assert (await clock(timer, "first_touch"))["verdict"] == "void"


async def test_a_lead_that_moves_on_after_its_due_instant_is_missed_although_no_breach_was_published_yet(
    timer: ServiceHarness,
) -> None:
    await timer.handle(assigned(), subject=LEAD)
    await timer.set_time(DUE + MINUTE)
    events = await timer.handle(assigned("eve", epoch=2, at=DUE + MINUTE), subject=LEAD)
    assert names(events) == ["sla.breached", "clock.stopped", "clock.started"]
    assert events[1].data.verdict == "missed"


async def test_an_attempt_stops_the_accept_clock(timer: ServiceHarness) -> None:
    await timer.handle(assigned(), subject=LEAD)
    events = await timer.handle(answer(LeadAttempted, IN_TIME), subject=LEAD)
    assert [(event.data.promise, event.data.verdict) for event in events] == [("accept", "kept")]


async def test_an_attempt_does_not_meet_a_first_touch_that_only_contact_meets(timer: ServiceHarness) -> None:
    touch = agreement().promises["first_touch"].model_copy(update={"met_by": "contacted"})
    promises = agreement().promises | {"first_touch": touch}
    await timer.handle(published(agreement(promises=promises), 2), subject="agreement:2")
    await timer.handle(assigned(terms_version=2), subject=LEAD)
    events = await timer.handle(answer(LeadAttempted, IN_TIME), subject=LEAD)
    assert names(events) == ["clock.stopped", "clock.started"]
    assert await timer.handle(answer(LeadAttempted, IN_TIME), subject=LEAD) == []
    events = await timer.handle(answer(LeadContacted, IN_TIME + MINUTE), subject=LEAD)
    assert [(event.data.promise, event.data.verdict) for event in events] == [("first_touch", "kept")]


async def test_a_decline_in_time_keeps_the_promise_and_the_next_owner_inherits_the_remaining_time(
    timer: ServiceHarness,
) -> None:
    await timer.handle(assigned(tier="standard"), subject=LEAD)
    await timer.set_time(TUESDAY + timedelta(hours=1))
    no = answer(LeadDeclined, TUESDAY + timedelta(hours=1), reason="overloaded", side="ours")
    assert [event.data.verdict for event in await timer.handle(no, subject=LEAD)] == ["kept"]
    await timer.handle(assigned("eve", epoch=2, at=TUESDAY + timedelta(hours=1), tier="standard"), subject=LEAD)
    first, second = await clock(timer), await clock(timer, epoch=2)
    assert first["due_at"] == second["due_at"]


async def test_a_tier_without_an_accept_promise_still_has_its_first_touch(timer: ServiceHarness) -> None:
    promises = {
        "accept": agreement().promises["accept"].model_copy(update={"targets": {"standard": Target(within="1 hour")}}),
        "first_touch": agreement().promises["first_touch"],
    }
    await timer.handle(published(agreement(promises=promises), 2), subject="agreement:2")
    assert await timer.handle(assigned(terms_version=2), subject=LEAD) == []
    events = await timer.handle(answer(LeadAccepted, IN_TIME), subject=LEAD)
    assert [(event.data.type, event.data.promise) for event in events] == [("baton.clock.started.v1", "first_touch")]


async def test_speed_to_lead_counts_once_from_the_reception_of_the_lead(timer: ServiceHarness) -> None:
    touch = Promise(
        name="first_touch",
        targets={"hot": Target(within="1 hour")},
        runs_from="received",
        steps=(EscalationStep(after=0, do=("notify manager",)),),
    )
    promises = agreement().promises | {"first_touch": touch}
    await timer.handle(published(agreement(promises=promises), 2), subject="agreement:2")
    received = assigned(terms_version=2).lead
    await timer.handle(
        assigned(terms_version=2, at=TUESDAY + 30 * MINUTE).model_copy(update={"lead": received}), subject=LEAD
    )
    assert str((await clock(timer, "first_touch"))["due_at"])[:16] == "2026-12-01T16:00"
    await timer.set_time(TUESDAY + 55 * MINUTE)
    second = assigned("eve", epoch=2, terms_version=2, at=TUESDAY + 55 * MINUTE).model_copy(update={"lead": received})
    await timer.handle(second, subject=LEAD)
    assert str((await clock(timer, "first_touch", 2))["due_at"])[:16] == "2026-12-01T16:05"
    touched = answer(LeadContacted, TUESDAY + 56 * MINUTE, epoch=2)
    assert {event.data.verdict for event in await timer.handle(touched, subject=LEAD)} == {"kept"}
    third = assigned("dan", epoch=3, terms_version=2, at=TUESDAY + 57 * MINUTE).model_copy(update={"lead": received})
    events = await timer.handle(third, subject=LEAD)
    assert {event.data.promise for event in events} == {"accept"}
