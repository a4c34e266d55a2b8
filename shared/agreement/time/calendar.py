"""A working calendar: as the agreement writes it, and prepared for computing deadlines."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property, lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, ConfigDict, field_validator

from shared.agreement.time.day_plan import DayPlan, day_plan
from shared.agreement.time.hours import ALL_WEEK, Week, Windows, format_window, parse_hours, parse_week, parse_windows
from shared.base.roster import Rep

__all__ = ["ALWAYS", "Calendar", "CalendarSpec", "SpecialDay", "parse_hours", "zone_named"]

EPOCH_DAY = date(1970, 1, 1).toordinal()
Period = tuple[datetime, datetime]


def zone_named(name: str) -> ZoneInfo:
    """The time zone of an IANA name. Raises ValueError, with the closest name, when it is unknown."""
    known = _zone_names()
    if name in known:
        return ZoneInfo(name)
    close = difflib.get_close_matches(name, known, 1, 0.5) if isinstance(name, str) else []
    hint = f"; did you mean {close[0]}?" if close else "; write one such as Europe/Berlin."
    raise ValueError(f"{name!r} is not a known time zone{hint}")


@lru_cache
def _zone_names() -> frozenset[str]:
    return frozenset(available_timezones())  # Reading the zone files takes 15 ms each time.


class CalendarSpec(BaseModel):
    """A calendar as the agreement writes it.

    `hours` maps days ("mon-fri", "sat") to windows ("09:00-17:30"), `holidays` is a country or country-subdivision
    code (US, DE-BE), `closed` are whole days without work, `overrides` replace the windows of a date (also of a
    holiday or a closed day). Every error is one sentence.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    timezone: str
    hours: dict[str, tuple[str, ...]]
    holidays: str | None = None
    closed: tuple[date, ...] = ()
    overrides: dict[date, tuple[str, ...]] = {}

    @field_validator("timezone")
    @classmethod
    def _zone(cls, name: str) -> str:
        return zone_named(name).key

    @field_validator("hours", mode="before")
    @classmethod
    def _hours(cls, hours: Any) -> Any:
        if isinstance(hours, Mapping):
            parse_week(hours)
            return {days: _window_texts(windows) for days, windows in hours.items()}
        raise ValueError("hours must map days to windows, such as {mon-fri: 09:00-17:30}.")

    @field_validator("closed", mode="before")
    @classmethod
    def _closed(cls, closed: Any) -> Any:
        return (closed,) if isinstance(closed, str | date) else (() if closed is None else closed)

    @field_validator("overrides", mode="before")
    @classmethod
    def _overrides(cls, overrides: Any) -> Any:
        if overrides is None:
            return {}
        if isinstance(overrides, Mapping):
            return {day: _window_texts(windows) for day, windows in overrides.items()}
        raise ValueError("overrides must map dates to windows, such as {2026-12-24: 09:00-12:00}.")

    @property
    def week(self) -> Week:
        """The weekly windows in minutes, Monday first."""
        return parse_week(self.hours)


def _window_texts(windows: Any) -> tuple[str, ...]:
    return tuple(format_window(window) for window in parse_windows(windows))


class SpecialDay(NamedTuple):
    """The windows of a special date, and the reason ("holiday: Christmas Day", "closed day", "special hours")."""

    windows: Windows
    why: str


@dataclass(frozen=True)
class Calendar:
    """A calendar to compute with: its zone, the week's windows in minutes, special dates, and time off."""

    zone: ZoneInfo
    week: Week
    special: Mapping[date, SpecialDay] = field(default_factory=dict)
    away: tuple[Period, ...] = ()

    @classmethod
    def from_spec(cls, spec: CalendarSpec, holidays: Mapping[date, str] | None = None) -> "Calendar":
        """The calendar of a spec, with its holidays as dates to names (see `holidays.public_holidays`)."""
        special = {day: SpecialDay((), f"holiday: {name}") for day, name in (holidays or {}).items()}
        special |= {day: SpecialDay((), "closed day") for day in spec.closed}
        for day, texts in spec.overrides.items():
            windows = parse_windows(texts)
            special[day] = SpecialDay(windows, "special hours" if windows else "closed day")
        return cls(ZoneInfo(spec.timezone), spec.week, special)

    def with_hours(
        self,
        hours: str | Week | None = None,
        timezone: str | None = None,
        away: tuple[Period, ...] = (),
    ) -> "Calendar":
        """This calendar with a person's own weekly hours, time zone and time off (from, until).

        Holidays, closed days and special hours of this calendar are kept; without `hours` the week and the zone are
        kept too. Raises ValueError when the hours or the zone cannot be read.
        """
        if hours is None:
            return Calendar(self.zone, self.week, self.special, self.away + away)
        week = parse_hours(hours) if isinstance(hours, str) else hours
        return Calendar(
            zone_named(timezone) if timezone else self.zone,
            week,
            self.special,
            self.away + away,
        )

    def for_rep(self, rep: Rep) -> "Calendar":
        """This calendar, as the team's, with the shift and the time off of a rep."""
        return self.with_hours(
            rep.hours,
            rep.timezone,
            tuple((away.start, away.until) for away in rep.away),
        )

    @property
    def never_opens(self) -> bool:
        """Whether no day of the week and no special date has a window."""
        return not any(self.week) and not any(special.windows for special in self.special.values())

    @cached_property
    def week_plans(self) -> tuple[DayPlan, ...]:
        """The plan of each weekday, Monday first."""
        return tuple(day_plan(windows, weekday) for weekday, windows in enumerate(self.week))

    @cached_property
    def special_plans(self) -> dict[int, DayPlan]:
        """The plan of each special date, by days since 1970."""
        return {
            day.toordinal() - EPOCH_DAY: day_plan(special.windows, day.weekday(), special.why)
            for day, special in self.special.items()
        }

    @cached_property
    def time_off(self) -> tuple[Period, ...]:
        """The time off in UTC, in order, with overlaps joined."""
        result: list[Period] = []
        for start, until in sorted((a.astimezone(UTC), b.astimezone(UTC)) for a, b in self.away if a < b):
            if result and start <= result[-1][1]:
                result[-1] = (result[-1][0], max(until, result[-1][1]))
            else:
                result.append((start, until))
        return tuple(result)


ALWAYS = Calendar(ZoneInfo("UTC"), ALL_WEEK)
"""Open 24x7: business time is wall time."""
