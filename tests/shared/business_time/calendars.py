"""Calendars drawn at random around the moments at which local clocks do something odd."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from shared.agreement.time.calendar import Calendar, CalendarSpec
from tests.shared.business_time.oracle import Oracle, Windows

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ODD = (
    ("Europe/Berlin", "2026-03-29T01:00"),
    ("Europe/Berlin", "2026-10-25T01:00"),
    ("America/New_York", "2026-03-08T07:00"),
    ("America/New_York", "2026-11-01T06:00"),
    ("Australia/Lord_Howe", "2026-04-04T15:00"),
    ("Australia/Lord_Howe", "2026-10-03T15:30"),
    ("America/Sao_Paulo", "2018-02-18T02:00"),
    ("America/Sao_Paulo", "2018-11-04T03:00"),
    ("Africa/Casablanca", "2026-02-15T02:00"),
    ("Africa/Casablanca", "2026-03-22T02:00"),
    ("America/Havana", "2026-11-01T05:00"),
    ("America/St_Johns", "2006-10-29T02:31"),
    ("Pacific/Apia", "2011-12-30T10:00"),
    ("Asia/Kolkata", "2026-12-01T00:00"),
    ("Asia/Tokyo", "1991-11-15T16:00"),
    ("UTC", "2024-02-29T00:00"),
)


@dataclass(frozen=True)
class Drawn:
    """A calendar, the oracle of the same hours, and a moment to begin at."""

    calendar: Calendar
    oracle: Oracle
    start: datetime

    def __repr__(self) -> str:
        return f"Drawn({self.oracle}, start={self.start.isoformat()})"


def _text(windows: Windows) -> list[str]:
    return [f"{a // 60:02d}:{a % 60:02d}-{b // 60:02d}:{b % 60:02d}" for a, b in windows]


# Half of the edges lie in the small hours, where clocks change.
_edge = st.one_of(st.sampled_from([0, 30, 60, 61, 90, 120, 135, 150, 180, 210, 1380, 1410, 1440]), st.integers(0, 1440))


@st.composite
def windows(draw: st.DrawFn) -> Windows:
    """Up to three windows of one day, apart or adjoining."""
    edges = sorted(draw(st.lists(_edge, min_size=0, max_size=6, unique=True)))
    return list(zip(edges[0::2], edges[1::2], strict=False))


@st.composite
def drawn(draw: st.DrawFn, time_off: bool = True) -> Drawn:
    """A calendar with several windows a day, holidays, closed days and special hours, near a change of clocks."""
    name, change = draw(st.sampled_from(ODD))
    around = datetime.fromisoformat(change).replace(tzinfo=UTC)
    start = around + timedelta(minutes=draw(st.integers(-3 * 1440, 2 * 1440)))
    near = st.integers(-3, 6).map(lambda days: around.date() + timedelta(days=days))
    week = [draw(windows()) for _ in DAYS]
    holidays = draw(st.sets(near, max_size=2))
    closed = draw(st.sets(near, max_size=2))
    overrides = draw(st.dictionaries(near, windows(), max_size=2))
    spans = st.tuples(st.integers(-4320, 4320), st.integers(1, 3000)) if time_off else st.nothing()
    away = tuple(
        (around + timedelta(minutes=begin), around + timedelta(minutes=begin + length))
        for begin, length in draw(st.lists(spans, max_size=2))
    )
    dates: dict[date, Windows] = {day: [] for day in holidays | closed} | overrides
    spec = CalendarSpec.model_validate(
        {
            "timezone": name,
            "hours": {day: _text(hours) for day, hours in zip(DAYS, week, strict=True)},
            "closed": sorted(closed),
            "overrides": {day: _text(hours) for day, hours in overrides.items()},
        }
    )
    calendar = Calendar.from_spec(spec, dict.fromkeys(holidays, "A Feast")).with_hours(away=away)
    return Drawn(calendar, Oracle(ZoneInfo(name), week, dates, away), start)
