"""Parses opening hours ("09:00-17:30", "mon-fri") into the windows of a week."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

Windows = tuple[tuple[int, int], ...]
"""Windows of one day in minutes after local midnight, begin included, end excluded, sorted, without overlap."""
Week = tuple[Windows, ...]
"""Seven days, Monday first."""

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
FULL_NAMES = (
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
)
DAY_MINUTES = 24 * 60
ALL_WEEK: Week = (((0, DAY_MINUTES),),) * 7

_WINDOW = re.compile(r"(\d{1,2}):(\d{2})\s*[-\u2013]\s*(\d{1,2}):(\d{2})", re.ASCII)
_DAYS = re.compile(
    r"([a-z]+(?:\s*-\s*[a-z]+)?(?:\s*,\s*[a-z]+(?:\s*-\s*[a-z]+)?)*)\s*:?\s+(.+)",
    re.IGNORECASE,
)
_WEEKDAY_NUMBERS = {name.casefold(): at for at, name in enumerate(FULL_NAMES)} | {
    name: at for at, name in enumerate(WEEKDAYS)
}


def parse_window(text: str) -> tuple[int, int]:
    """Parse one window such as "09:00-17:30" into minutes; 24:00 is the end of the day.

    Raises ValueError, one sentence, when it is not a window or ends before it begins.
    """
    match = _WINDOW.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a window of hours such as 09:00-17:30.")
    begin_hour, begin_minute, end_hour, end_minute = (int(part) for part in match.groups())
    begin, end = begin_hour * 60 + begin_minute, end_hour * 60 + end_minute
    if begin_minute > 59 or end_minute > 59 or begin >= DAY_MINUTES or end > DAY_MINUTES:
        raise ValueError(f"{text!r} names a time outside the day; hours go from 00:00 to 24:00.")
    if end <= begin:
        advice = (
            f"write {format_minute(begin)}-24:00 and, on the next day, 00:00-{format_minute(end)}"
            if end
            else "end it at 24:00"
        )
        raise ValueError(f"{text!r} ends before it begins; for a shift over midnight {advice}.")
    return begin, end


def parse_windows(value: Any) -> Windows:
    """Parse the windows of one day from a text ("09:00-12:00, 13:00-17:00", "closed") or a list of such texts.

    Raises ValueError when one cannot be read or two overlap.
    """
    texts = [value] if isinstance(value, str) else value
    windows: list[tuple[int, int]] = []
    for text in texts if isinstance(texts, list | tuple) else [texts]:
        if isinstance(text, str):
            windows += [parse_window(part) for part in text.split(",") if not _is_closed(part)]
        else:
            windows.append(parse_window(str(text)))
    return merge_windows(windows)


def _is_closed(text: str) -> bool:
    return text.strip().casefold() in ("closed", "")


def merge_windows(windows: Iterable[tuple[int, int]]) -> Windows:
    """Sort windows and merge adjoining ones. Raises ValueError when two overlap."""
    result: list[tuple[int, int]] = []
    for begin, end in sorted(windows):
        if result and begin < result[-1][1]:
            raise ValueError(f"{format_window((begin, end))} overlaps {format_window(result[-1])} on the same day.")
        if result and begin == result[-1][1]:
            result[-1] = (result[-1][0], end)
        else:
            result.append((begin, end))
    return tuple(result)


def parse_days(text: str) -> list[int]:
    """Parse "mon", "mon-fri", "sat-mon" or "mon, wed" into weekday numbers, Monday is 0.

    Raises ValueError when a word is not a day.
    """
    days: list[int] = []
    for part in text.casefold().split(","):
        ends = [word.strip() for word in part.split("-")]
        unknown = [word for word in ends if word not in _WEEKDAY_NUMBERS]
        if unknown or len(ends) > 2:
            raise ValueError(f"{text!r} is not a day or a range of days such as mon or mon-fri.")
        first, last = _WEEKDAY_NUMBERS[ends[0]], _WEEKDAY_NUMBERS[ends[-1]]
        days += [(first + step) % 7 for step in range((last - first) % 7 + 1)]
    return days


def parse_week(hours: Mapping[Any, Any]) -> Week:
    """Parse a mapping of days to windows into a week; a day named twice has the windows of both.

    Raises ValueError when a day or a window cannot be read or windows of a day overlap.
    """
    week: list[list[tuple[int, int]]] = [[] for _ in WEEKDAYS]
    for days, windows in hours.items():
        try:
            parsed = parse_windows(windows)
        except ValueError as error:
            raise ValueError(f"{days}: {error}") from None
        for day in parse_days(str(days)):
            week[day] += parsed
    return tuple(_merge_day(day, windows) for day, windows in enumerate(week))


def _merge_day(day: int, windows: list[tuple[int, int]]) -> Windows:
    try:
        return merge_windows(windows)
    except ValueError as error:
        raise ValueError(f"{WEEKDAYS[day]}: {error}") from None


def parse_hours(text: str) -> Week:
    """Parse the hours of a person in the roster into a week: "mon-fri 09:00-17:30; sat 10:00-12:00", or "24x7".

    Raises ValueError, one sentence, when a part of it cannot be read.
    """
    if text.strip().casefold() == "24x7":
        return ALL_WEEK
    week: list[list[tuple[int, int]]] = [[] for _ in WEEKDAYS]
    for part in filter(None, (part.strip() for part in text.split(";"))):
        match = _DAYS.fullmatch(part)
        if match is None:
            raise ValueError(f"{part!r} is not days and hours such as mon-fri 09:00-17:30.")
        for day in parse_days(match[1]):
            week[day] += parse_windows(match[2])
    if not any(week):
        raise ValueError(f"{text!r} does not name any hours; write, for example, mon-fri 09:00-17:30.")
    return tuple(_merge_day(day, windows) for day, windows in enumerate(week))


def format_minute(minute: int) -> str:
    """Minutes after midnight as "HH:MM"."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


def format_window(window: tuple[int, int]) -> str:
    """A window as "HH:MM-HH:MM"."""
    return f"{format_minute(window[0])}-{format_minute(window[1])}"
