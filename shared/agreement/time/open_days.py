"""The days of a calendar: when one is open, and to which one a moment belongs."""

from datetime import date, datetime

from shared.agreement.time.calendar import EPOCH_DAY, Calendar
from shared.agreement.time.segments import DAY, plan_for_day, segments_from
from shared.agreement.time.utc_offsets import offset_period, to_microseconds


def open_segments(calendar: Calendar, day: int) -> list[tuple[int, int]]:
    """The counted stretches of a local day (days since 1970), in order."""
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


def working_date(calendar: Calendar, at: datetime) -> date:
    """The local date that this moment belongs to; a shift over midnight belongs to the date on which it began."""
    begin = to_microseconds(at)
    day, since_midnight = divmod(begin + offset_period(calendar.zone, begin).offset, DAY)
    today, yesterday = plan_for_day(calendar, day), plan_for_day(calendar, day - 1)
    goes_on = today[0].counted and since_midnight < today[0].end and yesterday[-1].counted
    over_midnight = goes_on and len(today) > 1 and len(yesterday) > 1
    return date.fromordinal(day + EPOCH_DAY - (1 if over_midnight else 0))
