"""A calendar as an endless sequence of time segments, counted (open) or not; business time is computed from it."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from shared.agreement.time.calendar import Calendar
from shared.agreement.time.day_plan import DayPlan
from shared.agreement.time.utc_offsets import LAST_SECOND, SECOND, from_microseconds, offset_period, to_microseconds

DAY = 86_400 * SECOND
TIME_OFF = "time off"
# (begin, end, counted, why) in microseconds since 1970; a plain tuple for speed, because there are thousands.
Segment = tuple[int, int, bool, str]


class Interval(NamedTuple):
    """From start (included) to end (excluded) in UTC: counted or skipped, and why."""

    start: datetime
    end: datetime
    counted: bool
    why: str


class SegmentList:
    """Segments in order; neighbours of the same kind are merged."""

    def __init__(self) -> None:
        self.counted = 0
        self._segments: list[Segment] = []

    def add(self, begin: int, end: int, counted: bool, why: str) -> None:
        """Append the next segment, in microseconds since 1970; an empty one is left out."""
        if end <= begin:
            return
        if counted:
            self.counted += end - begin
        segments = self._segments
        if segments and segments[-1][3] == why and segments[-1][2] is counted:
            segments[-1] = (segments[-1][0], end, counted, why)
        else:
            segments.append((begin, end, counted, why))

    def intervals(self) -> tuple[Interval, ...]:
        """The segments as intervals of UTC times."""
        return tuple(
            [
                Interval(from_microseconds(begin), from_microseconds(end), counted, why)
                for begin, end, counted, why in self._segments
            ]
        )


def plan_for_day(calendar: Calendar, day: int) -> DayPlan:
    """The plan of a local day (days since 1970); 1970 began on a Thursday."""
    return calendar.special_plans.get(day) or calendar.week_plans[(day + 3) % 7]


def segments_from(calendar: Calendar, begin: int) -> Iterator[Segment]:
    """Every segment from `begin` on, without gap or overlap, until the year 9999."""
    return _with_time_off_cut_out(calendar, begin) if calendar.away else _planned_segments(calendar, begin)


def _planned_segments(calendar: Calendar, at: int) -> Iterator[Segment]:
    """The segments without regard to time off.

    Within a period of one UTC offset, local time runs evenly, so that no window needs a special case.
    """
    while at < LAST_SECOND * SECOND:
        _, stop, offset = offset_period(calendar.zone, at)
        local, limit = at + offset, stop + offset
        day = local // DAY
        while local < limit:
            midnight = day * DAY
            for begin, end, counted, why in plan_for_day(calendar, day):
                low, high = max(midnight + begin, local), min(midnight + end, limit)
                if low < high:
                    yield low - offset, high - offset, counted, why
            day += 1
            local = day * DAY
        at = stop


def _with_time_off_cut_out(calendar: Calendar, at: int) -> Iterator[Segment]:
    periods_off = [(to_microseconds(start), to_microseconds(until)) for start, until in calendar.time_off]
    for begin, end, counted, why in _planned_segments(calendar, at):
        if counted:
            for start, until in periods_off:
                if until <= begin or start >= end:
                    continue
                if start > begin:
                    yield begin, start, True, why
                yield max(begin, start), min(end, until), False, TIME_OFF
                begin = min(end, until)
        if begin < end:
            yield begin, end, counted, why
