"""One day as a sequence of segments, counted or not, each with its reason."""

from typing import NamedTuple

from shared.agreement.time.hours import DAY_MINUTES, FULL_NAMES, Windows

MINUTE = 60_000_000
WORKING = "working hours"
NIGHT = "closed: night"


class DaySegment(NamedTuple):
    """A segment of a day in microseconds after local midnight, begin included, end excluded."""

    begin: int
    end: int
    counted: bool
    why: str


DayPlan = tuple[DaySegment, ...]
"""The segments of one day, without a gap from 00:00 to 24:00."""


def day_plan(windows: Windows, weekday: int, special: str | None = None) -> DayPlan:
    """The segments of a day with these windows; `special` is the reason of a special date, weekday 0 is Monday."""
    if not windows:
        return (_segment(0, DAY_MINUTES, False, special or _closed_weekday(weekday)),)
    segments: list[DaySegment] = []
    at = 0
    for begin, end in windows:
        if begin > at:
            segments.append(_segment(at, begin, False, _gap_reason(at, begin, special)))
        segments.append(_segment(begin, end, True, special or WORKING))
        at = end
    if at < DAY_MINUTES:
        segments.append(_segment(at, DAY_MINUTES, False, _gap_reason(at, DAY_MINUTES, special)))
    return tuple(segments)


def _segment(begin: int, end: int, counted: bool, why: str) -> DaySegment:
    return DaySegment(begin * MINUTE, end * MINUTE, counted, why)


def _closed_weekday(weekday: int) -> str:
    return "weekend" if weekday >= 5 else f"closed on {FULL_NAMES[weekday]}s"


def _gap_reason(begin: int, end: int, special: str | None) -> str:
    if special:
        return f"closed: {special}"
    if begin == 0 or end == DAY_MINUTES:
        return NIGHT
    return "lunch break" if begin >= 11 * 60 and end <= 15 * 60 else "break"
