"""Previews a deadline for a calendar of the agreement or one in the request, with every interval counted or skipped."""

import difflib
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from pydantic import ValidationError

from shared.agreement.time.business_time import HORIZON_YEARS, Deadline, Elapsed, NeverOpens, add_business_time, elapsed
from shared.agreement.time.calendar import ALWAYS, Calendar, CalendarSpec
from shared.agreement.time.duration import parse_duration
from shared.agreement.time.explain import explain
from shared.agreement.time.holidays import public_holidays
from shared.base.rfc3339 import rfc3339

FIELDS = ("calendar", "start", "within", "end")
_FIRST_YEAR, _LAST_YEAR = 1900, 2200


def preview(request: Mapping[str, Any], calendars: Mapping[str, CalendarSpec | Calendar]) -> dict[str, Any]:
    """The response to `POST /v1/deadlines/preview`: `due` (None with `end`), business `seconds`, `intervals`, `in_words`.

    `calendar` is a name of `calendars`, "24x7", or a mapping with timezone, hours, holidays, closed and overrides;
    `start` and `end` without an offset are in the calendar's zone; `within` is in words, short or ISO 8601. Times
    are returned as RFC 3339 in UTC. Raises ValueError, one sentence that begins with the field at fault.
    """
    unknown = [str(name) for name in request if name not in FIELDS]
    if unknown:
        raise ValueError(f"{unknown[0]}: there is no such field; a preview has {', '.join(FIELDS)}.")
    within, end = request.get("within"), request.get("end")
    if (within is None) == (end is None):
        raise ValueError("within: give either within or end, and not both.")
    spec = _select_calendar(request.get("calendar"), calendars)
    zone_only = spec if isinstance(spec, Calendar) else Calendar.from_spec(spec)
    start = _parse_instant("start", request.get("start"), zone_only)
    if end is not None:
        stop = _parse_instant("end", end, zone_only)
        if stop.year - start.year > HORIZON_YEARS:
            raise ValueError(f"end: lies more than {HORIZON_YEARS} years after the start.")
        calendar = _calendar_with_holidays(spec, start.year - 1, stop.year + 1)
        return _response(calendar, elapsed(calendar, start, stop))
    calendar = _calendar_with_holidays(spec, start.year - 1, start.year + HORIZON_YEARS + 1)
    return _response(calendar, _deadline(calendar, start, within))


def _deadline(calendar: Calendar, start: datetime, within: Any) -> Deadline:
    try:
        days, rest = parse_duration(within if isinstance(within, str) else repr(within))
    except ValueError as error:
        raise ValueError(f"within: {error}") from None
    try:
        return add_business_time(calendar, start, rest, days=days)
    except NeverOpens as error:
        raise ValueError(f"calendar: {error}") from None


def _response(calendar: Calendar, result: Deadline | Elapsed) -> dict[str, Any]:
    counted = sum((span.end - span.start).total_seconds() for span in result.intervals if span.counted)
    return {
        "due": rfc3339(result.due) if isinstance(result, Deadline) else None,
        "seconds": int(counted) if counted == int(counted) else counted,
        "intervals": [
            {
                "from": rfc3339(span.start),
                "to": rfc3339(span.end),
                "counted": span.counted,
                "why": span.why,
            }
            for span in result.intervals
        ],
        "in_words": explain(calendar, result),
    }


def _select_calendar(calendar: Any, calendars: Mapping[str, CalendarSpec | Calendar]) -> CalendarSpec | Calendar:
    if isinstance(calendar, str):
        if calendar in calendars:
            return calendars[calendar]
        if calendar == "24x7":
            return ALWAYS
        close = difflib.get_close_matches(calendar, calendars, 1)
        known = f"did you mean {close[0]}?" if close else f"there are {', '.join(sorted(calendars)) or 'none'}."
        raise ValueError(f"calendar: {calendar!r} is not a calendar of the agreement; {known}")
    if isinstance(calendar, Mapping):
        try:
            return CalendarSpec.model_validate(dict(calendar))
        except ValidationError as error:
            raise ValueError(f"calendar.{first_validation_error(error)}") from None
    raise ValueError("calendar: give the name of a calendar, or one with timezone and hours.")


def first_validation_error(error: ValidationError) -> str:
    """The first error of a validation as one sentence that begins with the field's path."""
    mistake = error.errors(include_url=False)[0]
    path = ".".join(str(step) for step in mistake["loc"] if step != "[key]")
    message = mistake["msg"].removeprefix("Value error, ").rstrip(".")
    known = {"missing": "is missing", "extra_forbidden": "there is no such field"}
    message = known.get(mistake["type"], message)
    if mistake["type"].startswith("date"):
        message = f"{mistake['input']!r} is not a date such as 2026-12-24"
    return f"{path}: {message}{'' if message.endswith('?') else '.'}"


def _calendar_with_holidays(spec: CalendarSpec | Calendar, first: int, last: int) -> Calendar:
    if isinstance(spec, Calendar):
        return spec
    holidays: dict[date, str] = {}
    if spec.holidays:
        try:
            holidays = public_holidays(spec.holidays, range(first, last + 1))
        except ValueError as error:
            raise ValueError(f"calendar.holidays: {error}") from None
    return Calendar.from_spec(spec, holidays)


def _parse_instant(field: str, text: Any, calendar: Calendar) -> datetime:
    if text is None:
        raise ValueError(f"{field}: is missing.")
    try:
        at = text if isinstance(text, datetime) else datetime.fromisoformat(text if isinstance(text, str) else "")
    except ValueError:
        raise ValueError(f"{field}: {text!r} is not a time such as 2026-12-04T16:50.") from None
    if not _FIRST_YEAR <= at.year <= _LAST_YEAR:
        raise ValueError(f"{field}: the year {at.year} is not between {_FIRST_YEAR} and {_LAST_YEAR}.")
    return (at if at.tzinfo else at.replace(tzinfo=calendar.zone)).astimezone(UTC)
