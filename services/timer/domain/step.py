"""One step of a clock when it comes due: warn, due, settle, breach, rung; and when the next one is."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from services.timer.domain import ladder
from services.timer.domain.clock import Clock, Facts, breached, warned
from services.timer.domain.ladder import Spent
from shared.agreement.model import Promise
from shared.agreement.time.calendar import Calendar

MOVING = timedelta(seconds=30)
"""How long (real time) the router is given to move a lead before the next rung stands."""


class Next(NamedTuple):
    """When a clock must be looked at again, and by which reading of time."""

    at: datetime
    basis: Literal["now", "wall"]


def step(
    clock: Clock, *, promise: Promise, calendar: Calendar, spent: Spent, now: datetime, wall: datetime
) -> tuple[Clock, Facts]:
    """The clock after its next step, and what is said about it; unchanged when it is too early.

    After downtime each claim takes one step, in order; a warning whose due instant is past is passed over. `spent`
    counts the rungs that are done, and is counted up.
    """
    if not clock.runs or not clock.step:
        return clock, []
    if clock.step == "settle":
        if clock.held_until and wall < clock.held_until:
            return clock, []
        clock, facts = breached(clock, wall)
        clock, rungs = ladder.climb(clock, promise, spent, now, calendar)
        return clock, [*facts, *rungs]
    if clock.step == "rung":
        return ladder.climb(clock, promise, spent, now, calendar)
    if now >= clock.due_at:
        return replace(clock, step="settle"), []
    if clock.step == "warn" and clock.warn_at and now >= clock.warn_at:
        return warned(clock, now)
    return clock, []


def upcoming(
    clock: Clock, promise: Promise, calendar: Calendar, wall: datetime, settle: timedelta, now: datetime | None = None
) -> Next | None:
    """When the next step is due, or None when the clock rests. The settle time and a hold are real time, and a hold
    never shortens the settle time. After downtime a rung waits for what the router makes of the one before it, when
    that one moves the lead (`now`: business time)."""
    if not clock.runs or not clock.step:
        return None
    if clock.step == "settle":
        return Next(max(wall + settle, clock.held_until or wall), "wall")
    if clock.step == "rung":
        at = ladder.at(clock, promise.steps[clock.rung], calendar)
        if now is not None and at <= now and ladder.moved(clock, promise):
            return Next(wall + MOVING, "wall")
        return Next(at, "now")
    return Next(clock.warn_at if clock.step == "warn" and clock.warn_at else clock.due_at, "now")
