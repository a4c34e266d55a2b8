"""Explains a deadline or an elapsed time in plain sentences, in the local time of its calendar."""

from datetime import UTC, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from shared.agreement.time.business_time import Deadline, Elapsed, Interval
from shared.agreement.time.calendar import Calendar
from shared.agreement.time.hours import FULL_NAMES

MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_MAX_LISTED = 8


def explain(calendar: Calendar, result: Deadline | Elapsed) -> str:
    """A few sentences: the deadline or the time that passed, what was counted, and what was skipped and why."""
    zone = calendar.zone
    counted = [interval for interval in result.intervals if interval.counted]
    total = format_duration(sum((span.end - span.start for span in counted), timedelta()))
    business = f"{total} of business time" if counted else "no business time"
    if isinstance(result, Elapsed):
        first = f"{business[0].upper()}{business[1:]} ({zone.key} time)."
    elif result.wall and counted == list(result.intervals):
        return (
            f"Due {format_local_time(result.due, zone)} ({zone.key} time): the lead was assigned outside hours, "
            f"so {total} of wall time applies."
        )
    else:
        first = f"Due {format_local_time(result.due, zone)} ({zone.key} time), after {business}."
    return " ".join([first, *_interval_sentences(result.intervals, zone)])


def _interval_sentences(intervals: tuple[Interval, ...], zone: ZoneInfo) -> list[str]:
    counted, skipped = [], []
    for is_counted, group in groupby(intervals, key=lambda interval: interval.counted):
        spans = list(group)
        start, end = spans[0].start, spans[-1].end
        reasons = list(dict.fromkeys(span.why.removeprefix("closed: ") for span in spans))
        if is_counted:
            special = "".join(f", {why}" for why in reasons if why != "working hours")
            counted.append(f"{_format_interval(start, end, zone)} ({format_duration(end - start)}{special})")
        else:
            skipped.append(f"{_format_interval(start, end, zone)} ({', '.join(reasons)})")
    return [f"{word}: {_shorten_list(spans)}." for word, spans in (("Counted", counted), ("Skipped", skipped)) if spans]


def _shorten_list(spans: list[str]) -> str:
    if len(spans) <= _MAX_LISTED:
        return "; ".join(spans)
    return "; ".join(
        [
            *spans[: _MAX_LISTED - 1],
            f"and {len(spans) - _MAX_LISTED + 1} more, the last {spans[-1]}",
        ]
    )


def _format_interval(start: datetime, end: datetime, zone: ZoneInfo) -> str:
    first, last = start.astimezone(zone), end.astimezone(zone)
    if first.date() == last.date():
        return f"{_format_day(first)} {_format_time(first)} to {_format_time(last)}"
    year = f" {last.year}" if last.year != first.year else ""
    return f"{_format_day(first)} {_format_time(first)} to {_format_day(last)}{year} {_format_time(last)}"


def format_local_time(at: datetime, zone: ZoneInfo) -> str:
    """An instant in local time: "Monday 7 December 2026 at 16:20"."""
    local = at.astimezone(zone)
    return f"{_format_day(local)} {local.year} at {_format_time(local)}"


def _format_day(local: datetime) -> str:
    return f"{FULL_NAMES[local.weekday()]} {local.day} {MONTHS[local.month - 1]}"


def _format_time(local: datetime) -> str:
    text = f"{local.hour:02d}:{local.minute:02d}" + (f":{local.second:02d}" if local.second else "")
    again = local.replace(fold=1 - local.fold)
    # A clock change repeats an hour under the same local time; only the zone's abbreviation tells which one is meant.
    if again.utcoffset() != local.utcoffset() and again.astimezone(UTC).astimezone(local.tzinfo).hour == local.hour:
        return f"{text} ({local.tzname()})"
    return text


def format_duration(span: timedelta) -> str:
    """A duration in hours, minutes and seconds: "7 hours 20 minutes"."""
    seconds, rest = divmod(span, timedelta(seconds=1))
    parts = [
        (seconds // 3600, "hour"),
        (seconds // 60 % 60, "minute"),
        (seconds % 60, "second"),
    ]
    texts = [f"{amount:,} {unit}{'' if amount == 1 else 's'}" for amount, unit in parts if amount]
    if rest and not texts:
        return "less than a second"
    return " ".join(texts) or "no time"
