"""Promises: which clock begins when, until when in business time, and in whose calendar."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

from services.timer.domain.clock import Clock, clock_fields, clock_id
from shared.agreement.business_time import Explained, accept_due, due, elapsed
from shared.agreement.calendar import ALWAYS, Calendar
from shared.agreement.compiled import Compiled, Promise
from shared.agreement.roster import Rep
from shared.agreement.time_words import in_words
from shared.agreement.within import parse_within
from shared.events.clocks import ClockStarted

CalendarOf = Callable[[str | None, str | None], Calendar]
"""(owner, team) to the calendar that a clock follows."""


def calendar_of(pinned: Compiled, routed: Compiled | None, team: str | None, rep: Rep | None) -> Calendar:
    """The followed calendar: the rep's shift, else the team's, else `hq`; time off never stops a clock."""
    if pinned.clock.follows == "24x7":
        return ALWAYS
    found = pinned.teams.get(team or "") or (routed.teams.get(team or "") if routed else None)
    wanted = (found.calendar if found else None, "hq", *pinned.calendars)
    name = next((name for name in wanted if name in pinned.calendars), None)
    if name is None:
        return ALWAYS
    calendar = Calendar.compile(pinned.calendars[name], pinned.holidays.get(name))
    if rep is None or pinned.clock.follows != "owner":
        return calendar
    return calendar.with_hours(rep.hours, rep.timezone)


def begin(
    promise: Promise,
    *,
    lead: str,
    epoch: int,
    round_: int,
    owner: str | None,
    team: str | None,
    tier: str,
    agreement: int,
    routed: int,
    start: datetime,
    pinned: Compiled,
    calendar: Calendar,
    left: int | None = None,
) -> tuple[Clock, ClockStarted] | None:
    """Start a clock, or None when the promise does not bind this tier.

    `left` is what a former owner had left, in seconds: the new one has the target or that, whichever is less, but
    never less than `continue_with_at_least`.
    """
    target = promise.target(tier)
    if target is None:
        return None
    days, rest = parse_within(target.within)
    close = pinned.clock.at_close
    if promise.runs_from == "received":
        explained = due(ALWAYS, start, rest + timedelta(days=days))
    elif target.off_hours is not None:
        off = timedelta(seconds=target.off_hours)
        explained = accept_due(calendar, start, rest, off, days=days, at_close=close)
    else:
        explained = due(calendar, start, rest, days=days, at_close=close)
    if left is not None:
        least = timedelta(seconds=max(left, pinned.clock.continue_with_at_least))
        shorter = due(calendar, start, least, at_close=close)
        explained = shorter if shorter.due < explained.due else explained
    wall = explained.wall or promise.runs_from == "received"
    warn_at = _warn_at(calendar, start, explained, promise.warn, wall)
    clock = Clock(
        id=clock_id(lead, promise.name, epoch, round_),
        lead=lead,
        promise=promise.name,
        epoch=epoch,
        round=round_,
        owner=owner,
        team=team,
        tier=tier,
        agreement=agreement,
        routed=routed,
        started_at=start,
        due_at=explained.due,
        warn_at=warn_at,
        step="warn" if warn_at else "due",
        off_hours=wall,
        within=target.within,
        in_words=in_words(ALWAYS if promise.runs_from == "received" else calendar, explained),
    )
    started = ClockStarted(
        **clock_fields(clock),
        started_at=start,
        due_at=clock.due_at,
        warn_at=warn_at,
        agreement=agreement,
        calendar=calendar.zone.key,
        in_words=clock.in_words,
    )
    return clock, started


def _warn_at(calendar: Calendar, start: datetime, explained: Explained, share: Decimal, wall: bool) -> datetime | None:
    if not 0 < share < 1:
        return None
    if wall:
        return start + (explained.due - start) * float(share)
    total = elapsed(calendar, start, explained.due).seconds
    return due(calendar, start, timedelta(seconds=float(Decimal(str(total)) * share))).due


def left_of(clock: Clock, at: datetime, calendar: Calendar) -> int:
    """What is left of a clock's time at a moment, in seconds of its own reckoning; 0 after its due instant."""
    if at >= clock.due_at:
        return 0
    if clock.off_hours:
        return int((clock.due_at - at).total_seconds())
    return int(elapsed(calendar, at, clock.due_at).seconds)


def rounds(clocks: list[Clock], promise: str, epoch: int) -> int:
    """How many rounds of a promise an epoch has had."""
    return sum(clock.promise == promise and clock.epoch == epoch for clock in clocks)
