"""The rungs after a breach: one after another, each once; what is spent is skipped with its reason."""

from dataclasses import replace
from datetime import datetime, timedelta

from services.timer.domain.clock import Clock, Facts, sla_fields
from shared.agreement.model import EscalationStep, Promise
from shared.agreement.time.business_time import add_business_time
from shared.agreement.time.calendar import Calendar
from shared.events.breaches import SlaEscalated

Spent = dict[tuple[str, str, str], int]
"""(lead, promise, word) to how often it was done, across epochs."""


def at(clock: Clock, rung: EscalationStep, calendar: Calendar) -> datetime:
    """When a rung stands: so long after the due instant in business time, in wall time for an off-hours clock. A
    business day later is the same local time on the next open day (agreement.md, `day: business`)."""
    after = timedelta(seconds=rung.after)
    if not rung.days and not rung.after:
        return clock.due_at
    if clock.off_hours:
        return clock.due_at + timedelta(days=rung.days) + after
    return add_business_time(calendar, clock.due_at, after, days=rung.days).due


def climb(clock: Clock, promise: Promise, spent: Spent, now: datetime, calendar: Calendar) -> tuple[Clock, Facts]:
    """Every rung whose time has come, in order; a rung that reassigns or gives back is the last of this climb, for what
    comes after it depends on what the router makes of it."""
    facts: Facts = []
    while clock.rung < len(promise.steps):
        rung = promise.steps[clock.rung]
        stands = at(clock, rung, calendar)
        if stands > now:
            break
        clock, said = _one(clock, promise, rung, stands, spent)
        facts += said
        if any(_moves(word) for word in rung.do) and said:
            break
    step = "rung" if clock.rung < len(promise.steps) else ""
    return replace(clock, step=step), facts


def _one(clock: Clock, promise: Promise, rung: EscalationStep, stands: datetime, spent: Spent) -> tuple[Clock, Facts]:
    number = clock.rung + 1
    key = (clock.lead, clock.promise, " ".join(rung.do))
    if rung.at_most is not None:
        done = spent.get(key, 0)
        if done >= rung.at_most:
            reason = f"rung {number} ({', '.join(rung.do)}): done {done} of at most {rung.at_most} times"
            return replace(clock, rung=number, skipped=(*clock.skipped, reason)), []
        spent[key] = done + 1
    fact = SlaEscalated(
        **sla_fields(clock),
        step=number,
        do=rung.do,
        at=stands,
        skipped=clock.skipped,
        never=rung.never,
        last=number == len(promise.steps),
    )
    return replace(clock, rung=number, skipped=()), [fact]


def moved(clock: Clock, promise: Promise) -> bool:
    """Whether the last rung asked the router to move the lead."""
    return clock.rung > 0 and any(_moves(word) for word in promise.steps[clock.rung - 1].do)


def _moves(word: str) -> bool:
    return word == "reassign" or word.startswith(("return", "recycle"))
