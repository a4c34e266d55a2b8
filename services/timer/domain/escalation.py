"""The escalation steps after a breach: each is done once, in order; one that is used up is skipped with its reason."""

from dataclasses import replace
from datetime import datetime, timedelta

from services.timer.domain.clock import Clock, ClockEvents, sla_fields
from shared.agreement.model import EscalationStep, Promise
from shared.agreement.time.business_time import add_business_time
from shared.agreement.time.calendar import Calendar
from shared.events.breaches import SlaEscalated

StepCounts = dict[tuple[str, str, str], int]
"""(lead, promise, actions of the step) to how often the step was done, across epochs."""


def fires_at(clock: Clock, step: EscalationStep, calendar: Calendar) -> datetime:
    """When an escalation step is due, counted from the due instant: in business time, or in wall time for an off-hours
    clock. A business day later is the same local time on the next open day (agreement.md, `day: business`)."""
    after = timedelta(seconds=step.after)
    if not step.days and not step.after:
        return clock.due_at
    if clock.off_hours:
        return clock.due_at + timedelta(days=step.days) + after
    return add_business_time(calendar, clock.due_at, after, days=step.days).due


def escalate(
    clock: Clock, promise: Promise, step_counts: StepCounts, now: datetime, calendar: Calendar
) -> tuple[Clock, ClockEvents]:
    """Take every escalation step that is due, in order, and count it in `step_counts`.

    A step that reassigns or returns the lead is the last of this call: what comes after it depends on what the router
    does about it.
    """
    events: ClockEvents = []
    while clock.escalation_step < len(promise.steps):
        step = promise.steps[clock.escalation_step]
        at = fires_at(clock, step, calendar)
        if at > now:
            break
        clock, emitted = _take_step(clock, promise, step, at, step_counts)
        events += emitted
        if emitted and _is_move(step):
            break
    next_step = "escalate" if clock.escalation_step < len(promise.steps) else ""
    return replace(clock, next_step=next_step), events


def moves_lead(clock: Clock, promise: Promise) -> bool:
    """Whether the last escalation step of a clock asked the router to move the lead."""
    return clock.escalation_step > 0 and _is_move(promise.steps[clock.escalation_step - 1])


def _take_step(
    clock: Clock, promise: Promise, step: EscalationStep, at: datetime, step_counts: StepCounts
) -> tuple[Clock, ClockEvents]:
    number = clock.escalation_step + 1
    key = (clock.lead, clock.promise, " ".join(step.do))
    if step.at_most is not None:
        times = step_counts.get(key, 0)
        if times >= step.at_most:
            reason = f"step {number} ({', '.join(step.do)}): done {times} of at most {step.at_most} times"
            return replace(clock, escalation_step=number, skipped=(*clock.skipped, reason)), []
        step_counts[key] = times + 1
    event = SlaEscalated(
        **sla_fields(clock),
        step=number,
        do=step.do,
        at=at,
        skipped=clock.skipped,
        never=step.never,
        last=number == len(promise.steps),
    )
    return replace(clock, escalation_step=number, skipped=()), [event]


def _is_move(step: EscalationStep) -> bool:
    return any(action == "reassign" or action.startswith(("return", "recycle")) for action in step.do)
