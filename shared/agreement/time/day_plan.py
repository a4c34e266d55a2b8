"""One day as a row of stretches, counted or not, each with its reason."""

from typing import NamedTuple

from shared.agreement.time.hours import DAY_MINUTES, FULL_NAMES, Windows

MINUTE = 60_000_000
WORKING = "working hours"
NIGHT = "closed: night"


class Part(NamedTuple):
    """A part of a day in microseconds after local midnight, begin included, end excluded."""

    begin: int
    end: int
    counted: bool
    why: str


DayPlan = tuple[Part, ...]
"""The parts of one day, without a gap from 00:00 to 24:00."""


def day_plan(windows: Windows, weekday: int, special: str | None = None) -> DayPlan:
    """The parts of a day with these windows; `special` is the reason of a special date, weekday 0 is Monday."""
    if not windows:
        return (_part(0, DAY_MINUTES, False, special or _no_work(weekday)),)
    parts: list[Part] = []
    at = 0
    for begin, end in windows:
        if begin > at:
            parts.append(_part(at, begin, False, _between(at, begin, special)))
        parts.append(_part(begin, end, True, special or WORKING))
        at = end
    if at < DAY_MINUTES:
        parts.append(_part(at, DAY_MINUTES, False, _between(at, DAY_MINUTES, special)))
    return tuple(parts)


def _part(begin: int, end: int, counted: bool, why: str) -> Part:
    return Part(begin * MINUTE, end * MINUTE, counted, why)


def _no_work(weekday: int) -> str:
    return "weekend" if weekday >= 5 else f"closed on {FULL_NAMES[weekday]}s"


def _between(begin: int, end: int, special: str | None) -> str:
    if special:
        return f"closed: {special}"
    if begin == 0 or end == DAY_MINUTES:
        return NIGHT
    return "lunch break" if begin >= 11 * 60 and end <= 15 * 60 else "break"
