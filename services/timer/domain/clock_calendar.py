"""The calendar of a clock: the rep's shift, else the team's calendar, else `hq`, else the first one, else always open."""

from dataclasses import dataclass

from shared.agreement.model import ExecutableAgreement
from shared.agreement.time.calendar import ALWAYS, Calendar
from shared.base.roster import Rep


@dataclass(frozen=True, slots=True)
class ClockCalendar:
    """A calendar by its name in the agreement ("24x7": always open). `hours` and `timezone` are those of a rep's shift
    laid over it."""

    name: str
    calendar: Calendar
    hours: str | None = None
    timezone: str | None = None


def calendar_for(
    terms: ExecutableAgreement, routing: ExecutableAgreement | None, team_name: str | None, rep: Rep | None
) -> ClockCalendar:
    """The calendar of a clock of this team and rep; time off never stops a clock."""
    name = _calendar_name(terms, routing, team_name)
    if terms.clock.follows == "24x7" or name is None:
        return ClockCalendar("24x7", ALWAYS)
    shift = (rep.hours, rep.timezone) if rep and rep.hours is not None and terms.clock.follows == "owner" else None
    try:
        return rebuild(terms, name, *(shift or (None, None)))
    except ValueError:  # A shift that cannot be parsed must not stop a clock.
        return rebuild(terms, name, None, None)


def rebuild(terms: ExecutableAgreement, name: str, hours: str | None, timezone: str | None) -> ClockCalendar:
    """Build a clock's calendar again from its stored parts. Raises KeyError for a calendar that `terms` does not have."""
    if name == "24x7":
        return ClockCalendar(name, ALWAYS)
    calendar = Calendar.from_spec(terms.calendars[name], terms.holidays.get(name))
    return ClockCalendar(name, calendar.with_hours(hours, timezone), hours, timezone)


def _calendar_name(
    terms: ExecutableAgreement, routing: ExecutableAgreement | None, team_name: str | None
) -> str | None:
    """The team's calendar, else `hq`, else the first one; None when the agreement has no calendars."""
    team = terms.teams.get(team_name or "") or (routing.teams.get(team_name or "") if routing else None)
    candidates = (team.calendar if team else None, "hq", *terms.calendars)
    return next((name for name in candidates if name in terms.calendars), None)
