"""Promises: which clock begins when, and until when in business time."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from services.timer.domain.clock import Clock, clock_fields, clock_id
from services.timer.domain.followed import Followed
from services.timer.domain.lead import Lead
from shared.agreement.model import ClockRules, Promise
from shared.agreement.time.business_time import (
    OFF_HOURS,
    Deadline,
    Interval,
    accept_deadline,
    add_business_time,
    elapsed,
)
from shared.agreement.time.calendar import ALWAYS, Calendar
from shared.agreement.time.duration import parse_duration
from shared.agreement.time.explain import explain
from shared.events.clocks import ClockStarted


@dataclass(frozen=True, slots=True)
class Begun:
    """A clock that begins, what is said about it, and the seconds that it took over from a former owner, if any."""

    clock: Clock
    started: ClockStarted
    left: int | None


def begin(
    promise: Promise,
    lead: Lead,
    followed: Followed,
    rules: ClockRules,
    *,
    round_: int,
    start: datetime,
    left: int | None = None,
) -> Begun | None:
    """Start a clock, or None when the promise does not bind the lead's tier. `left`: see `reckon`."""
    target = promise.target(lead.tier)
    if target is None:
        return None
    calendar = basis(promise, followed)
    explained = reckon(promise, lead.tier, start, calendar, rules, left)
    wall = explained.wall or promise.runs_from == "received"
    warn_at = _warn_at(calendar, start, explained.due, promise.warn, wall)
    clock = Clock(
        id=clock_id(lead.lead, promise.name, lead.epoch, round_),
        lead=lead.lead,
        promise=promise.name,
        epoch=lead.epoch,
        round=round_,
        owner=lead.owner,
        team=lead.team,
        tier=lead.tier,
        agreement=lead.pinned,
        routed=lead.routed,
        started_at=start,
        due_at=explained.due,
        warn_at=warn_at,
        step="warn" if warn_at else "due",
        off_hours=wall,
        within=target.within,
        in_words=explain(calendar, explained),
    )
    started = ClockStarted(
        **clock_fields(clock),
        started_at=start,
        due_at=clock.due_at,
        warn_at=warn_at,
        terms_version=lead.pinned,
        calendar=followed.calendar.zone.key,
        in_words=clock.in_words,
    )
    return Begun(clock, started, left)


def basis(promise: Promise, followed: Followed) -> Calendar:
    """What a promise is reckoned in: the speed to lead (from `received`) in wall time, the others in the calendar."""
    return ALWAYS if promise.runs_from == "received" else followed.calendar


def reckon(
    promise: Promise, tier: str, start: datetime, calendar: Calendar, rules: ClockRules, left: int | None
) -> Deadline:
    """When a promise that binds this tier is due, with every interval.

    `left` is what a former owner had left, in seconds: the new one has the target or that, whichever is less, but
    never less than `continue_with_at_least`.
    """
    target = promise.targets.get(tier) or promise.targets["*"]
    days, rest = parse_duration(target.within)
    if promise.runs_from == "received":
        explained = add_business_time(calendar, start, rest + timedelta(days=days))
    elif target.off_hours is None:
        explained = add_business_time(calendar, start, rest, days=days, at_close=rules.at_close)
    else:
        off = timedelta(seconds=target.off_hours)
        explained = accept_deadline(calendar, start, rest, off, days=days, at_close=rules.at_close)
    if left is None:
        return explained
    least = timedelta(seconds=max(left, rules.continue_with_at_least))
    if explained.wall:
        # At night what was left is of wall time, as the whole is.
        end = start + least
        return explained if explained.due <= end else Deadline(end, (Interval(start, end, True, OFF_HOURS),), wall=True)
    shorter = add_business_time(calendar, start, least, at_close=rules.at_close)
    return shorter if shorter.due < explained.due else explained


def _warn_at(calendar: Calendar, start: datetime, until: datetime, share: Decimal, wall: bool) -> datetime | None:
    if not 0 < share < 1:
        return None
    if wall:
        return start + (until - start) * float(share)
    total = elapsed(calendar, start, until).seconds
    return add_business_time(calendar, start, timedelta(seconds=float(Decimal(str(total)) * share))).due


def left_of(clock: Clock, at: datetime, calendar: Calendar) -> int:
    """What is left of a clock's time at a moment, in seconds of its own reckoning; 0 after its due instant."""
    if at >= clock.due_at:
        return 0
    if clock.off_hours:
        return int((clock.due_at - at).total_seconds())
    return int(elapsed(calendar, at, clock.due_at).seconds)


def met_before(clocks: Iterable[Clock], promise: str, lead: Lead) -> bool:
    """Whether an earlier owner met the promise, in time or late, since the lead began."""
    return any(clock.verdict in ("kept", "late") for clock in _before(clocks, promise, lead))


def taken_over(clocks: Iterable[Clock], promise: str, lead: Lead, calendar: Callable[[Clock], Calendar]) -> int | None:
    """What the owner before had left, in seconds, which the new one takes over; None for the whole time.

    An accept clock is always taken over: also after a decline the person who enquired has been waiting. A first touch
    that was made is made; a new owner has the whole time for theirs.
    """
    before = _before(clocks, promise, lead)
    if not before or (promise != "accept" and before[-1].verdict in ("kept", "late")):
        return None
    last = before[-1]
    if last.left_seconds is not None or last.stopped_at is None:
        return last.left_seconds
    return left_of(last, last.stopped_at, calendar(last))


def _before(clocks: Iterable[Clock], promise: str, lead: Lead) -> list[Clock]:
    return [clock for clock in clocks if clock.promise == promise and lead.began <= clock.epoch < lead.epoch]


def rounds(clocks: list[Clock], promise: str, epoch: int) -> int:
    """How many rounds of a promise an epoch has had."""
    return sum(clock.promise == promise and clock.epoch == epoch for clock in clocks)
