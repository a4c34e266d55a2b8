"""Promises: which clock starts when, when it is due in business time, and what a new owner inherits."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from services.timer.domain.clock import Clock, clock_fields, clock_id
from services.timer.domain.clock_calendar import ClockCalendar
from services.timer.domain.lead import Lead
from shared.agreement.model import ClockRules, Promise, Target
from shared.agreement.time.business_time import (
    OFF_HOURS,
    Deadline,
    Interval,
    add_business_time,
    deadline_with_off_hours,
    elapsed,
)
from shared.agreement.time.calendar import ALWAYS, Calendar
from shared.agreement.time.duration import parse_duration
from shared.agreement.time.explain import explain
from shared.events.clocks import ClockStarted


@dataclass(frozen=True, slots=True)
class StartedClock:
    """A clock that starts, its event, and the seconds that it inherited from an earlier owner (None: the whole time)."""

    clock: Clock
    event: ClockStarted
    inherited_seconds: int | None


def start_clock(
    promise: Promise,
    lead: Lead,
    clock_calendar: ClockCalendar,
    rules: ClockRules,
    *,
    round_: int,
    start: datetime,
    inherited: int | None = None,
) -> StartedClock | None:
    """Start a clock, or return None when the promise does not bind the lead's tier. `inherited`: see `deadline`."""
    if promise.target(lead.tier) is None:
        return None
    calendar = calendar_of(promise, clock_calendar)
    computed = deadline(promise, lead.tier, start, calendar, rules, inherited)
    clock = _clock(promise, lead, round_, start, calendar, computed)
    return StartedClock(clock, _started_event(clock, clock_calendar), inherited)


def _clock(promise: Promise, lead: Lead, round_: int, start: datetime, calendar: Calendar, computed: Deadline) -> Clock:
    wall = computed.wall or promise.runs_from == "received"
    warn_at = _warn_at(calendar, start, computed.due, promise.warn, wall)
    return Clock(
        id=clock_id(lead.id, promise.name, lead.epoch, round_),
        lead=lead.id,
        promise=promise.name,
        epoch=lead.epoch,
        round=round_,
        owner=lead.owner,
        team=lead.team,
        tier=lead.tier,
        terms_version=lead.terms_version,
        routing_version=lead.routing_version,
        started_at=start,
        due_at=computed.due,
        warn_at=warn_at,
        next_step="warn" if warn_at else "due",
        off_hours=wall,
        within=_target(promise, lead.tier).within,
        in_words=explain(calendar, computed),
    )


def _started_event(clock: Clock, clock_calendar: ClockCalendar) -> ClockStarted:
    return ClockStarted(
        **clock_fields(clock),
        started_at=clock.started_at,
        due_at=clock.due_at,
        warn_at=clock.warn_at,
        terms_version=clock.terms_version,
        calendar=clock_calendar.calendar.zone.key,
        in_words=clock.in_words,
    )


def calendar_of(promise: Promise, clock_calendar: ClockCalendar) -> Calendar:
    """The calendar that a promise is computed in: always open for speed to lead (from `received`), else the clock's."""
    return ALWAYS if promise.runs_from == "received" else clock_calendar.calendar


def deadline(
    promise: Promise, tier: str, start: datetime, calendar: Calendar, rules: ClockRules, inherited: int | None
) -> Deadline:
    """When a promise that binds this tier is due, with every interval that counts or is skipped.

    `inherited` is what an earlier owner had left, in seconds. The new owner has the target or that, whichever is less,
    but never less than `continue_with_at_least`.
    """
    computed = _full_deadline(promise, tier, start, calendar, rules)
    if inherited is None:
        return computed
    least = timedelta(seconds=max(inherited, rules.continue_with_at_least))
    if computed.wall:
        # Off hours the inherited time is wall time, as the whole target is.
        end = start + least
        shorter = Deadline(end, (Interval(start, end, True, OFF_HOURS),), wall=True)
    else:
        shorter = add_business_time(calendar, start, least, at_close=rules.at_close)
    return shorter if shorter.due < computed.due else computed


def _full_deadline(promise: Promise, tier: str, start: datetime, calendar: Calendar, rules: ClockRules) -> Deadline:
    """When the promise is due for an owner who has the whole target."""
    target = _target(promise, tier)
    days, rest = parse_duration(target.within)
    if promise.runs_from == "received":
        return add_business_time(calendar, start, rest + timedelta(days=days))
    if target.off_hours is None:
        return add_business_time(calendar, start, rest, days=days, at_close=rules.at_close)
    off_hours = timedelta(seconds=target.off_hours)
    return deadline_with_off_hours(calendar, start, rest, off_hours, days=days, at_close=rules.at_close)


def _target(promise: Promise, tier: str) -> Target:
    return promise.targets.get(tier) or promise.targets["*"]


def _warn_at(calendar: Calendar, start: datetime, until: datetime, share: Decimal, wall: bool) -> datetime | None:
    if not 0 < share < 1:
        return None
    if wall:
        return start + (until - start) * float(share)
    total = elapsed(calendar, start, until).seconds
    return add_business_time(calendar, start, timedelta(seconds=float(Decimal(str(total)) * share))).due


def remaining(clock: Clock, at: datetime, calendar: Calendar) -> int:
    """The seconds that a clock has left at a moment, in wall time for an off-hours clock, else in business time; 0 after its
    due instant."""
    if at >= clock.due_at:
        return 0
    if clock.off_hours:
        return int((clock.due_at - at).total_seconds())
    return int(elapsed(calendar, at, clock.due_at).seconds)


def met_before(clocks: Iterable[Clock], promise: str, lead: Lead) -> bool:
    """Whether an earlier owner met the promise, in time or late, since the lead's first epoch."""
    return any(clock.verdict in ("kept", "late") for clock in _of_earlier_owners(clocks, promise, lead))


def inherited_seconds(
    clocks: Iterable[Clock], promise: str, lead: Lead, calendar: Callable[[Clock], Calendar]
) -> int | None:
    """The seconds that the owner before had left, which the new one inherits; None for the whole time.

    What is left of an accept clock is always inherited, after a decline too: the person who enquired has been waiting.
    After an owner has made the first touch, the next owner has the whole time for another.
    """
    earlier = _of_earlier_owners(clocks, promise, lead)
    if not earlier or (promise != "accept" and earlier[-1].verdict in ("kept", "late")):
        return None
    last = earlier[-1]
    if last.left_seconds is not None or last.stopped_at is None:
        return last.left_seconds
    return remaining(last, last.stopped_at, calendar(last))


def _of_earlier_owners(clocks: Iterable[Clock], promise: str, lead: Lead) -> list[Clock]:
    return [clock for clock in clocks if clock.promise == promise and lead.first_epoch <= clock.epoch < lead.epoch]


def count_rounds(clocks: list[Clock], promise: str, epoch: int) -> int:
    """How many rounds of a promise an epoch has had."""
    return sum(clock.promise == promise and clock.epoch == epoch for clock in clocks)
