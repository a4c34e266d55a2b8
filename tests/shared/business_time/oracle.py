"""Business time the slow and obvious way: look at every minute's local clock and ask whether it lies in a window."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
Windows = list[tuple[int, int]]


@dataclass(frozen=True)
class Oracle:
    """Windows by weekday and by date (an empty list is a closed day), in minutes; time off in UTC."""

    zone: ZoneInfo
    week: list[Windows]
    dates: Mapping[date, Windows]
    away: tuple[tuple[datetime, datetime], ...] = ()

    def opens(self, at: datetime) -> bool:
        local = at.astimezone(self.zone)
        windows = self.dates.get(local.date(), self.week[local.weekday()])
        minute = local.hour * 60 + local.minute
        off = any(start <= at < until for start, until in self.away)
        return not off and any(begin <= minute < end for begin, end in windows)

    def opening(self, at: datetime, limit: datetime) -> datetime | None:
        while at < limit:
            if self.opens(at):
                return at
            at += MINUTE
        return None

    def due(self, start: datetime, minutes: int, limit: datetime) -> datetime | None:
        if minutes == 0:
            return self.opening(start, limit)
        at = start
        while at < limit:
            minutes -= self.opens(at)
            at += MINUTE
            if minutes == 0:
                return at
        return None

    def minutes(self, start: datetime, end: datetime) -> int:
        count = 0
        while start < end:
            count += self.opens(start)
            start += MINUTE
        return count

    def days_later(self, start: datetime, days: int, limit: datetime) -> datetime | None:
        """The same local time so many open days after the first opening, no later than that day's last open minute."""
        first = self.opening(start, limit)
        if first is None or days == 0:
            return first
        local = first.astimezone(self.zone)
        closes: dict[date, datetime] = {}
        at = first
        while at < limit and len(closes) <= days + 1:
            if self.opens(at):
                closes[at.astimezone(self.zone).date()] = at + MINUTE
            at += MINUTE
        later = sorted(day for day in closes if day > local.date())
        if len(closes) <= days + 1:
            return None
        day = later[days - 1]
        same_time = local.replace(year=day.year, month=day.month, day=day.day, fold=0).astimezone(start.tzinfo)
        return min(same_time, closes[day])
