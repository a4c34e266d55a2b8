"""A calendar as an endless row of stretches of time, counted or not; the ground that business time stands on."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from shared.agreement.time.calendar import Calendar
from shared.agreement.time.day_plan import DayPlan
from shared.agreement.time.utc_offsets import LAST, SECOND, microseconds, moment, period

DAY = 86_400 * SECOND
TIME_OFF = "time off"
# (begin, end, counted, why), microseconds since 1970; a plain tuple, because there are thousands of them.
Stretch = tuple[int, int, bool, str]


class Interval(NamedTuple):
    """From start (included) to end (excluded), UTC: counted or skipped, and why."""

    start: datetime
    end: datetime
    counted: bool
    why: str


class Row:
    """Stretches collected one after the other; neighbours of one kind become one."""

    def __init__(self) -> None:
        self.counted = 0
        self._stretches: list[Stretch] = []

    def add(self, begin: int, end: int, counted: bool, why: str) -> None:
        """The next stretch, microseconds since 1970; an empty one is left out."""
        if end <= begin:
            return
        if counted:
            self.counted += end - begin
        row = self._stretches
        if row and row[-1][3] == why and row[-1][2] is counted:
            row[-1] = (row[-1][0], end, counted, why)
        else:
            row.append((begin, end, counted, why))

    def intervals(self) -> tuple[Interval, ...]:
        """All of them, as moments."""
        return tuple(
            [Interval(moment(begin), moment(end), counted, why) for begin, end, counted, why in self._stretches]
        )


def plan(calendar: Calendar, day: int) -> DayPlan:
    """What this day (days since 1970, local) consists of; 1970 began on a Thursday."""
    return calendar.special_plans.get(day) or calendar.plans[(day + 3) % 7]


def stretches(calendar: Calendar, begin: int) -> Iterator[Stretch]:
    """Every stretch from this moment on, without gap or overlap, until the last year there is."""
    return _less_time_off(calendar, begin) if calendar.away else _by_the_clock(calendar, begin)


def _by_the_clock(calendar: Calendar, at: int) -> Iterator[Stretch]:
    """Goes by periods of one offset: within one, local time is a straight line, so no window needs a special case."""
    while at < LAST * SECOND:
        _, stop, offset = period(calendar.zone, at)
        local, limit = at + offset, stop + offset
        day = local // DAY
        while local < limit:
            midnight = day * DAY
            for begin, end, counted, why in plan(calendar, day):
                low, high = max(midnight + begin, local), min(midnight + end, limit)
                if low < high:
                    yield low - offset, high - offset, counted, why
            day += 1
            local = day * DAY
        at = stop


def _less_time_off(calendar: Calendar, at: int) -> Iterator[Stretch]:
    off = [(microseconds(start), microseconds(until)) for start, until in calendar.time_off]
    for begin, end, counted, why in _by_the_clock(calendar, at):
        if counted:
            for start, until in off:
                if until <= begin or start >= end:
                    continue
                if start > begin:
                    yield begin, start, True, why
                yield max(begin, start), min(end, until), False, TIME_OFF
                begin = min(end, until)
        if begin < end:
            yield begin, end, counted, why
