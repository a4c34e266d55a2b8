"""Durations of business days and hours: parse what people ("1 day 4 hours") and programs ("PT2H") write."""

import re
from datetime import timedelta
from typing import NamedTuple

_UNITS = {
    "second": ("s", "sec", "secs", "second", "seconds"),
    "minute": ("m", "min", "mins", "minute", "minutes"),
    "hour": ("h", "hr", "hrs", "hour", "hours"),
    "day": ("d", "day", "days"),
    "week": ("w", "week", "weeks"),
}
_UNIT_OF_WORD = {word: unit for unit, words in _UNITS.items() for word in words}
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(?:business\s+|working\s+)?([a-z]+)", re.ASCII)
_ISO = re.compile(
    r"P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?",
    re.ASCII,
)
_MAX_DAYS = 3_660


class BusinessDuration(NamedTuple):
    """Business days, and after them an amount of time."""

    days: int
    rest: timedelta


def parse_duration(text: str) -> BusinessDuration:
    """Parse "15 minutes", "2h", "1 day 4 hours", "PT2H" or "P1D".

    A day is a business day and a week is seven of them; 24 hours are not a day. Raises ValueError, one sentence, when
    the text cannot be read, has a part of a day, or is longer than ten years.
    """
    iso = _ISO.fullmatch(text.strip())
    if iso and any(iso.groups()) and not text.strip().endswith("T"):
        weeks, days, hours, minutes, seconds = (float(part or 0) for part in iso.groups())
        return _checked_duration(text, weeks * 7 + days, hours * 3600 + minutes * 60 + seconds)
    whole_days, total, rest = 0.0, 0.0, text.strip().casefold()
    if not rest:
        raise ValueError("a time such as 15 minutes, 2h or PT2H is missing.")
    while rest:
        match = _PART.match(rest)
        unit = _UNIT_OF_WORD.get(match[2]) if match else None
        if match is None or unit is None:
            raise ValueError(f"{text!r} is not a time such as 15 minutes, 2h, 1 day or PT2H.")
        amount = float(match[1])
        if unit in ("day", "week"):
            whole_days += amount * (7 if unit == "week" else 1)
        else:
            total += amount * {"second": 1, "minute": 60, "hour": 3600}[unit]
        rest = re.sub(r"^(?:\s|,|and\b)+", "", rest[match.end() :])
    return _checked_duration(text, whole_days, total)


def _checked_duration(text: str, days: float, seconds: float) -> BusinessDuration:
    if days != int(days):
        raise ValueError(f"{text!r} has a part of a day; write it in hours.")
    if days + seconds / 86_400 > _MAX_DAYS:
        raise ValueError(f"{text!r} is longer than ten years.")
    return BusinessDuration(int(days), timedelta(seconds=seconds))
