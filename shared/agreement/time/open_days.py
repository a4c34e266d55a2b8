"""The open hours of one local day of a calendar."""

from shared.agreement.time.calendar import Calendar
from shared.agreement.time.segments import DAY, plan_for_day, segments_from
from shared.agreement.time.utc_offsets import offset_period


def open_segments(calendar: Calendar, day: int) -> list[tuple[int, int]]:
    """The open segments (begin, end) of a local day, in order; `day` counts from 1970, times are microseconds since 1970."""
    midnight = day * DAY
    # No offset exceeds a day, so these three days hold all moments that are called this date anywhere.
    segments: list[tuple[int, int]] = []
    if not any(part.counted for part in plan_for_day(calendar, day)):
        return segments
    for begin, end, counted, _ in segments_from(calendar, midnight - DAY):
        if begin >= midnight + 2 * DAY:
            break
        if counted and (begin + offset_period(calendar.zone, begin).offset) // DAY == day:
            segments.append((begin, end))
    return segments
