"""The next step of a clock that has come due (warn, due, settle, breach, escalate), and when the one after it is due."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from services.timer.domain import escalation
from services.timer.domain.clock import Clock, ClockEvents, breach, warn
from services.timer.domain.escalation import StepCounts
from shared.agreement.model import Promise
from shared.agreement.time.calendar import Calendar

REASSIGN_GRACE = timedelta(seconds=30)
"""How long (real time) the router is given to move a lead before the next escalation step is taken."""


class NextDue(NamedTuple):
    """When a clock is due again, and by which reading of time: `now` (business time) or `wall` (real time)."""

    at: datetime
    clock: Literal["now", "wall"]


def advance(
    clock: Clock, *, promise: Promise, calendar: Calendar, step_counts: StepCounts, now: datetime, wall: datetime
) -> tuple[Clock, ClockEvents]:
    """The clock after its next step, and the events about it; the clock as it is when the step is not due yet.

    After downtime each call takes one step, in order; a warning is skipped once the due instant is past. `step_counts`
    is how often escalation steps were done, and is updated.
    """
    if not clock.is_open or not clock.next_step:
        return clock, []
    if clock.next_step == "settle":
        if clock.held_until and wall < clock.held_until:
            return clock, []
        clock, events = breach(clock, wall)
        clock, escalations = escalation.escalate(clock, promise, step_counts, now, calendar)
        return clock, [*events, *escalations]
    if clock.next_step == "escalate":
        return escalation.escalate(clock, promise, step_counts, now, calendar)
    if now >= clock.due_at:
        return replace(clock, next_step="settle"), []
    if clock.next_step == "warn" and clock.warn_at and now >= clock.warn_at:
        return warn(clock, now)
    return clock, []


def next_due(
    clock: Clock, promise: Promise, calendar: Calendar, wall: datetime, settle: timedelta, now: datetime | None = None
) -> NextDue | None:
    """When the next step of a clock is due, or None when it has none.

    The settle time and a hold are real time, and a hold never shortens the settle time. With `now` (business time), an
    overdue escalation step that follows a move of the lead waits `REASSIGN_GRACE` for the router.
    """
    if not clock.is_open or not clock.next_step:
        return None
    if clock.next_step == "settle":
        return NextDue(max(wall + settle, clock.held_until or wall), "wall")
    if clock.next_step == "escalate":
        at = escalation.fires_at(clock, promise.steps[clock.escalation_step], calendar)
        if now is not None and at <= now and escalation.moves_lead(clock, promise):
            return NextDue(wall + REASSIGN_GRACE, "wall")
        return NextDue(at, "now")
    return NextDue(clock.warn_at if clock.next_step == "warn" and clock.warn_at else clock.due_at, "now")
