"""Business time: the deadline in a calendar, and the time that has passed.

Windows are half open and hours are absolute time: an instant is open when its local time lies in a window. A day of 25
hours that is open all day has 25; a window loses the hour that a clock change skips and keeps the one it repeats.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal

from shared.agreement.time.calendar import EPOCH_DAY, Calendar
from shared.agreement.time.open_days import open_segments
from shared.agreement.time.segments import DAY, Interval, SegmentList, segments_from
from shared.agreement.time.utc_offsets import SECOND, from_microseconds, offset_period, to_microseconds

__all__ = [
    "Deadline",
    "Elapsed",
    "Interval",
    "NeverOpens",
    "add_business_days",
    "add_business_time",
    "deadline_with_off_hours",
    "elapsed",
    "is_open",
    "next_opening",
]

AtClose = Literal["close", "next open"]
HORIZON_YEARS = 10
OFF_HOURS = "off hours: wall time"

_HORIZON_DAYS = HORIZON_YEARS * 366
_MICROSECOND = timedelta(microseconds=1)


class NeverOpens(ValueError):
    """The calendar does not have enough opening hours in the ten years that are searched."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """A due instant (UTC) and every interval from the start to it.

    `wall`: the clock started outside hours under an `off_hours` rule, so its escalation steps run in wall time, also
    where the business deadline was the earlier one.
    """

    due: datetime
    intervals: tuple[Interval, ...]
    wall: bool = False


@dataclass(frozen=True, slots=True)
class Elapsed:
    """The business seconds between two instants, and every interval between them."""

    seconds: float
    intervals: tuple[Interval, ...]


def add_business_time(
    calendar: Calendar,
    start: datetime,
    within: timedelta,
    *,
    days: int = 0,
    at_close: AtClose = "close",
) -> Deadline:
    """The deadline `days` business days and `within` of business time after `start` (aware).

    A start outside hours counts from the next opening. A deadline exactly at closing time is due at close, or with
    `at_close="next open"` at the next opening. Raises NeverOpens, or ValueError for a negative time.
    """
    if days:
        after_days = add_business_days(calendar, start, days)
        rest = _add_time(calendar, after_days.due, within, at_close) if within or at_close == "next open" else None
        return Deadline(rest.due, _join_intervals(after_days.intervals, rest.intervals)) if rest else after_days
    return _add_time(calendar, start, within, at_close)


def elapsed(calendar: Calendar, start: datetime, end: datetime) -> Elapsed:
    """The business time from `start` to `end` (aware); zero when the end is not after the start."""
    begin, stop = to_microseconds(start), to_microseconds(end)
    segments = SegmentList()
    for low, high, counted, why in segments_from(calendar, begin):
        if low >= stop:
            break
        segments.add(low, min(high, stop), counted, why)
    return Elapsed(_to_seconds(segments.counted), segments.intervals())


def next_opening(calendar: Calendar, at: datetime) -> datetime:
    """The first open instant at or after `at`, in UTC. Raises NeverOpens."""
    return from_microseconds(_next_open_instant(calendar, to_microseconds(at)))


def is_open(calendar: Calendar, at: datetime) -> bool:
    """Whether the calendar is open at `at`; closing time itself is closed."""
    return next(segments_from(calendar, to_microseconds(at)))[2]


def add_business_days(calendar: Calendar, start: datetime, days: int) -> Deadline:
    """The same local time `days` open days later, clipped to that day's close.

    A start outside hours counts as the next opening. A local time that a clock change skips is read with the offset
    before the change; one that it repeats is the first occurrence. Raises NeverOpens, or ValueError for a negative
    number.
    """
    if days < 0:
        raise ValueError(f"{days} days is negative; give a number of days of 0 or more.")
    opening = _next_open_instant(calendar, to_microseconds(start))
    if days == 0:
        return Deadline(from_microseconds(opening), elapsed(calendar, start, from_microseconds(opening)).intervals)
    day, since_midnight = divmod(opening + offset_period(calendar.zone, opening).offset, DAY)
    limit, left = day + _HORIZON_DAYS, days
    close = 0
    while left:
        day += 1
        if day > limit:
            raise _never_opens(calendar, from_microseconds(opening), f"{days} days")
        if spans := open_segments(calendar, day):
            left, close = left - 1, spans[-1][1]
    local = datetime.combine(date.fromordinal(day + EPOCH_DAY), time.min) + since_midnight * _MICROSECOND
    at = from_microseconds(min(to_microseconds(local.replace(tzinfo=calendar.zone)), close))
    return Deadline(at, elapsed(calendar, start, at).intervals)


def deadline_with_off_hours(
    calendar: Calendar,
    assigned: datetime,
    within: timedelta,
    off_hours: timedelta | None = None,
    *,
    days: int = 0,
    at_close: AtClose = "close",
) -> Deadline:
    """The deadline of a promise that started at `assigned`; `off_hours` is the wall time allowed outside hours.

    Outside hours it is the earlier of assignment + `off_hours` and next opening + `within`. Raises like
    `add_business_time`.
    """
    if off_hours is None or is_open(calendar, assigned):
        return add_business_time(calendar, assigned, within, days=days, at_close=at_close)
    wall_due = from_microseconds(to_microseconds(assigned) + off_hours // _MICROSECOND)
    try:
        business = add_business_time(calendar, assigned, within, days=days, at_close=at_close)
    except NeverOpens:
        business = None
    if business is None or wall_due <= business.due:
        return Deadline(
            wall_due,
            (Interval(from_microseconds(to_microseconds(assigned)), wall_due, True, OFF_HOURS),),
            wall=True,
        )
    return Deadline(business.due, business.intervals, wall=True)


def _add_time(calendar: Calendar, start: datetime, within: timedelta, at_close: AtClose) -> Deadline:
    left, begin = within // _MICROSECOND, to_microseconds(start)
    if left < 0:
        raise ValueError(f"{within} is negative; give a time of 0 or more.")
    segments, limit = SegmentList(), begin + _HORIZON_DAYS * DAY
    reached: int | None = None
    for low, high, counted, why in segments_from(calendar, begin):
        if reached is not None:
            if counted:
                return Deadline(from_microseconds(low), segments.intervals())
        elif counted and high - low >= left:
            if high - low > left or at_close == "close" or left == 0:
                segments.add(low, low + left, True, why)
                return Deadline(from_microseconds(low + left), segments.intervals())
            reached = high
        elif counted:
            left -= high - low
        if low >= limit:
            break
        segments.add(low, high, counted, why)
    raise _never_opens(calendar, start, _describe_amount(within))


def _next_open_instant(calendar: Calendar, begin: int) -> int:
    limit = begin + _HORIZON_DAYS * DAY
    for low, _, counted, _ in segments_from(calendar, begin):
        if counted:
            return low
        if low >= limit:
            break
    raise _never_opens(calendar, from_microseconds(begin), "at all")


def _never_opens(calendar: Calendar, start: datetime, amount: str) -> NeverOpens:
    if calendar.never_opens:
        return NeverOpens("This calendar is never open; give at least one day hours.")
    since = start.astimezone(calendar.zone).date().isoformat()
    return NeverOpens(f"This calendar is not open {amount} in the {HORIZON_YEARS} years after {since}.")


def _describe_amount(within: timedelta) -> str:
    return f"for {within.total_seconds() / 3600:g} hours" if within else "at all"


def _join_intervals(first: tuple[Interval, ...], second: tuple[Interval, ...]) -> tuple[Interval, ...]:
    segments = SegmentList()
    for start, end, counted, why in first + second:
        segments.add(to_microseconds(start), to_microseconds(end), counted, why)
    return segments.intervals()


def _to_seconds(microseconds: int) -> float:
    whole, rest = divmod(microseconds, SECOND)
    return whole if not rest else microseconds / SECOND
