"""Formats times in a reader's local zone, and lengths of time in words."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from shared.agreement.time.explain import format_duration


@dataclass(frozen=True, slots=True)
class LocalTime:
    """The reader's zone (an IANA name; UTC when the name is missing or unknown), and the present time (UTC)."""

    timezone: str | None
    now: datetime

    def at(self, moment: datetime) -> str:
        """A moment in local time: "10:15" today, "Wed 2 Dec, 10:15" on other days; UTC is named as such."""
        zone = self._zone()
        local = moment.astimezone(zone)
        clock = f"{local:%H:%M}" if zone.key != "UTC" else f"{local:%H:%M} UTC"
        if local.date() == self.now.astimezone(zone).date():
            return clock
        return f"{local:%a} {local.day} {local:%b}, {clock}"

    def until(self, moment: datetime) -> str:
        """The length of time between now and a moment, past or future, in words."""
        return humanise(abs((moment - self.now).total_seconds()))

    def _zone(self) -> ZoneInfo:
        try:
            return ZoneInfo(self.timezone or "UTC")
        except (ZoneInfoNotFoundError, ValueError):
            return ZoneInfo("UTC")


def humanise(seconds: float) -> str:
    """A length of time to the nearest minute: "15 minutes", "3 hours 20 minutes", "2 days"."""
    rounded = round(seconds)
    if rounded >= 60:
        rounded = round(seconds / 60) * 60
    if rounded >= 2 * 86_400:
        return f"{round(seconds / 86_400)} days"
    return format_duration(timedelta(seconds=rounded)) if rounded > 0 else "a moment"
