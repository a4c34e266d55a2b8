"""A reckoning in plain sentences, in the local time of its calendar."""

from datetime import UTC, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from shared.agreement.time.business_time import Elapsed, Explained, Interval
from shared.agreement.time.calendar import Calendar
from shared.agreement.time.hours import FULL_NAMES

MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_MOST = 8


def in_words(calendar: Calendar, reckoning: Explained | Elapsed) -> str:
    """A few sentences: when it is due or how much time went by, and what was counted and skipped, and why."""
    zone = calendar.zone
    counted = [interval for interval in reckoning.intervals if interval.counted]
    total = say_duration(sum((span.end - span.start for span in counted), timedelta()))
    business = f"{total} of business time" if counted else "no business time"
    if isinstance(reckoning, Elapsed):
        first = f"{business[0].upper()}{business[1:]} ({zone.key} time)."
    elif reckoning.wall and counted == list(reckoning.intervals):
        return (
            f"Due {say_moment(reckoning.due, zone)} ({zone.key} time): the lead was assigned outside hours, "
            f"so {total} of wall time count."
        )
    else:
        first = f"Due {say_moment(reckoning.due, zone)} ({zone.key} time), after {business}."
    return " ".join([first, *_listed(reckoning.intervals, zone)])


def _listed(intervals: tuple[Interval, ...], zone: ZoneInfo) -> list[str]:
    counted, skipped = [], []
    for is_counted, group in groupby(intervals, key=lambda interval: interval.counted):
        spans = list(group)
        start, end = spans[0].start, spans[-1].end
        reasons = list(dict.fromkeys(span.why.removeprefix("closed: ") for span in spans))
        if is_counted:
            special = "".join(f", {why}" for why in reasons if why != "working hours")
            counted.append(f"{_span(start, end, zone)} ({say_duration(end - start)}{special})")
        else:
            skipped.append(f"{_span(start, end, zone)} ({', '.join(reasons)})")
    return [f"{word}: {_some(spans)}." for word, spans in (("Counted", counted), ("Skipped", skipped)) if spans]


def _some(spans: list[str]) -> str:
    if len(spans) <= _MOST:
        return "; ".join(spans)
    return "; ".join(
        [
            *spans[: _MOST - 1],
            f"and {len(spans) - _MOST + 1} more, the last {spans[-1]}",
        ]
    )


def _span(start: datetime, end: datetime, zone: ZoneInfo) -> str:
    first, last = start.astimezone(zone), end.astimezone(zone)
    if first.date() == last.date():
        return f"{_day(first)} {_time(first)} to {_time(last)}"
    year = f" {last.year}" if last.year != first.year else ""
    return f"{_day(first)} {_time(first)} to {_day(last)}{year} {_time(last)}"


def say_moment(at: datetime, zone: ZoneInfo) -> str:
    """A moment in local time: "Monday 7 December 2026 at 16:20"."""
    local = at.astimezone(zone)
    return f"{_day(local)} {local.year} at {_time(local)}"


def _day(local: datetime) -> str:
    return f"{FULL_NAMES[local.weekday()]} {local.day} {MONTHS[local.month - 1]}"


def _time(local: datetime) -> str:
    text = f"{local.hour:02d}:{local.minute:02d}" + (f":{local.second:02d}" if local.second else "")
    again = local.replace(fold=1 - local.fold)
    # The hour that the clocks repeat has the same name twice; only its offset tells which one is meant.
    if again.utcoffset() != local.utcoffset() and again.astimezone(UTC).astimezone(local.tzinfo).hour == local.hour:
        return f"{text} ({local.tzname()})"
    return text


def say_duration(span: timedelta) -> str:
    """A length of time in hours, minutes and seconds: "7 hours 20 minutes"."""
    seconds, rest = divmod(span, timedelta(seconds=1))
    parts = [
        (seconds // 3600, "hour"),
        (seconds // 60 % 60, "minute"),
        (seconds % 60, "second"),
    ]
    said = [f"{amount:,} {unit}{'' if amount == 1 else 's'}" for amount, unit in parts if amount]
    if rest and not said:
        return "less than a second"
    return " ".join(said) or "no time"
