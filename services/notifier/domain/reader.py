"""Who reads: moments in their local time, lengths of time as people say them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from shared.agreement.time.explain import format_duration


@dataclass(frozen=True, slots=True)
class Reader:
    """A person's id, name and zone, and when they read (UTC)."""

    id: str
    name: str
    timezone: str | None
    now: datetime

    def at(self, moment: datetime) -> str:
        """A moment in their local time: "10:15" today, "Wed 2 Dec, 10:15" on other days; UTC is named as such."""
        zone = self._zone()
        local = moment.astimezone(zone)
        clock = f"{local:%H:%M}" if zone.key != "UTC" else f"{local:%H:%M} UTC"
        if local.date() == self.now.astimezone(zone).date():
            return clock
        return f"{local:%a} {local.day} {local:%b}, {clock}"

    def until(self, moment: datetime) -> str:
        """How long it is from now until a moment (or since it)."""
        return short(abs((moment - self.now).total_seconds()))

    def _zone(self) -> ZoneInfo:
        try:
            return ZoneInfo(self.timezone or "UTC")
        except (ZoneInfoNotFoundError, ValueError):
            return ZoneInfo("UTC")


def short(seconds: float) -> str:
    """A length of time as people say it, to the nearest minute: "15 minutes", "3 hours 20 minutes", "2 days"."""
    whole = round(seconds)
    if whole >= 60:
        whole = round(seconds / 60) * 60
    if whole >= 2 * 86_400:
        return f"{round(seconds / 86_400)} days"
    return format_duration(timedelta(seconds=whole)) if whole > 0 else "a moment"
